import CLinux
import Glibc
import Host

/// Which namespaces a container makes and which it joins.
struct NamespacePlan {
    /// The kinds of namespaces(7), with the kernel's flags.
    enum Kind: String, CaseIterable {
        case user, pid, network, ipc, uts, mount, cgroup, time

        var flag: UInt64 {
            switch self {
            case .user: 0x1000_0000
            case .pid: 0x2000_0000
            case .network: 0x4000_0000
            case .ipc: 0x0800_0000
            case .uts: 0x0400_0000
            case .mount: 0x0002_0000
            case .cgroup: 0x0200_0000
            case .time: 0x80
            }
        }

        /// The name below /proc/PID/ns.
        var file: String {
            switch self {
            case .network: "net"
            case .mount: "mnt"
            default: rawValue
            }
        }
    }

    private(set) var made: Set<Kind> = []
    /// In the order in which they must be joined: the user namespace gives the rights for the others.
    private(set) var joined: [(kind: Kind, path: String)] = []

    init(_ namespaces: [RuntimeSpec.Namespace]) throws(ContainerError) {
        for namespace in namespaces {
            guard let kind = Kind(rawValue: namespace.type) else {
                throw ContainerError(.invalid, "linux.namespaces: unknown namespace \"\(namespace.type)\"")
            }
            guard !made.contains(kind), !joined.contains(where: { $0.kind == kind }) else {
                throw ContainerError(.invalid, "linux.namespaces: two entries for \"\(namespace.type)\"")
            }
            if let path = namespace.path, !path.isEmpty {
                joined.append((kind, path))
            } else {
                made.insert(kind)
            }
        }
        joined.sort { Self.rank($0.kind) < Self.rank($1.kind) }
    }

    /// First the user namespace, last the mount namespace, in which paths change their meaning.
    private static func rank(_ kind: Kind) -> Int { kind == .user ? 0 : kind == .mount ? 2 : 1 }

    func joins(_ kind: Kind) -> Bool { joined.contains { $0.kind == kind } }

    /// Whether a process in between must enter namespaces first, so that new ones belong to the right user namespace.
    var needsStage: Bool { joins(.user) || (made.contains(.user) && !joined.isEmpty) }

    /// Those that clone3 makes; a control group namespace comes when the process is in its group, and the clocks of a
    /// time namespace must be set before anybody enters it.
    var cloneFlags: UInt64 {
        made.subtracting([.cgroup, .time]).reduce(0) { $0 | $1.flag }
    }
}
