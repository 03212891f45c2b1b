import CLinux
import Glibc

/// What this process may do on the host, read once from /proc/self/status.
enum HostProcess {
    private static let sets: [String: UInt64] = {
        var result: [String: UInt64] = [:]
        for line in CgroupFile.lines("/proc/self", "status") where line.hasPrefix("Cap") {
            let parts = line.split(separator: ":")
            guard parts.count == 2 else { continue }
            result[String(parts[0])] = UInt64(parts[1].drop { $0 == "\t" || $0 == " " }, radix: 16)
        }
        return result
    }()

    static var boundingCapabilities: UInt64 { sets["CapBnd"] ?? 0 }

    /// Those that the kernel has at all: in a new user namespace a process holds them.
    static let knownCapabilities: UInt64 = {
        let last = CgroupFile.number("/proc/sys/kernel", "cap_last_cap") ?? 40
        return last >= 63 ? .max : (1 << (last + 1)) - 1
    }()

    /// Whether the capability is effective.
    static func holds(_ name: String) -> Bool {
        guard let number = Capability.number(of: name) else { return false }
        return (sets["CapEff"] ?? 0) & 1 << UInt64(number) != 0
    }

    /// Whether root here is not root of the host.
    static let isInUserNamespace: Bool = {
        let words = CgroupFile.text("/proc/self", "uid_map")?.split(separator: " ") ?? []
        return words.count < 3 || words[2] != "4294967295"
    }()

    /// Whether the capability is effective over the host itself: limits and scores ask for that.
    static func holdsOverHost(_ name: String) -> Bool { holds(name) && !isInUserNamespace }

    /// Whether a group of this user namespace stands for one of the host.
    static func mapsGroup(_ group: UInt32) -> Bool {
        CgroupFile.lines("/proc/self", "gid_map").contains { line in
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            return numbers.count == 3 && numbers[0] <= group
                && UInt64(group) < UInt64(numbers[0]) + UInt64(numbers[2])
        }
    }

    /// This process's own environment: `NAME=value`.
    static var environment: [String] {
        var list: [String] = []
        var pointer = environ
        while let entry = pointer.pointee {
            list.append(String(cString: entry))
            pointer += 1
        }
        return list
    }

    static let isRoot = geteuid() == 0
}
