import CLinux
import Containers
import Glibc

/// What the host lets this process have; asked once.
struct HostFacts: Sendable {
    /// One bit for each capability that can be handed on.
    let capabilities: UInt64
    let cpus: Int
    /// How many files a process may be allowed to open.
    let openFiles: UInt64
    /// Bytes.
    let memory: UInt64
    let kernel: String
    let hostname: String
    let architecture: String
    /// 1 also on hybrid hosts, as limits are set there.
    let cgroupVersion: Int

    init() {
        let status = SmallFile.text("/proc/self/status") ?? ""
        let bounding = status.split(separator: "\n").first { $0.hasPrefix("CapBnd:") }
        capabilities =
            bounding.flatMap { UInt64($0.dropFirst(7).filter { $0.isHexDigit }, radix: 16) } ?? .max
        openFiles = Self.openFiles(capabilities)
        cpus = max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1)
        memory = UInt64(max(sysconf(Int32(_SC_PHYS_PAGES)), 0)) * UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 0))
        var names = utsname()
        uname(&names)
        kernel = Self.text(&names.release)
        hostname = Self.text(&names.nodename)
        architecture = Self.text(&names.machine)
        let controllers = SmallFile.text("/sys/fs/cgroup/cgroup.controllers") ?? ""
        cgroupVersion = controllers.contains("memory") ? 2 : 1
    }

    /// Whoever may not raise hard limits can hand on his own at most.
    private static func openFiles(_ capabilities: UInt64) -> UInt64 {
        let raises =
            Capability.number(of: "CAP_SYS_RESOURCE").map { capabilities & 1 << UInt64($0) != 0 } ?? false
        var limit = rlimit()
        guard !raises, getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .max
        }
        return UInt64(limit.rlim_max)
    }

    private static func text<Field>(_ field: inout Field) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    func has(_ capability: String) -> Bool {
        Capability.number(of: capability).map { capabilities & 1 << UInt64($0) != 0 } ?? false
    }
}
