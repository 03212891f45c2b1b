import Glibc
import Host

/// The computer that `viv` runs on.
enum HostMachine {
    /// As `uname -m` prints it.
    static var architecture: String {
        var names = utsname()
        uname(&names)
        return withUnsafeBytes(of: names.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Bytes of RAM that all programs together can use.
    static var memory: UInt64 {
        UInt64(max(sysconf(Int32(_SC_PHYS_PAGES)), 0)) * UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 0))
    }

    /// Processors that are on line.
    static var processors: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    /// The value of an environment variable; `nil` when it is unset or empty.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// The file that this program was started from.
    static var executable: String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count - 1)
        return String(decoding: path.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension HostMachine {
    /// The value of an environment variable, which may be empty; `nil` when it is unset.
    static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
