import Foundation
import ProgramDriver
import Testing

/// What a host has of what containers are made of: counted before and after, to see that nothing is left.
struct Census: Equatable, CustomStringConvertible {
    var mounts: Set<String>
    var controlGroups: Set<String>
    var links: Set<String>
    var tables: Set<String>
    var processes: Set<String>

    static func take() throws -> Census {
        Census(
            mounts: try lines("cat", "/proc/self/mountinfo", field: 4).filter { $0.contains("vivarium") },
            controlGroups: try lines("find", "/sys/fs/cgroup", "-type", "d", "-path", "*viv*"),
            links: try lines("ip", "-brief", "link", field: 0).filter { $0.hasPrefix("viv") },
            tables: try lines("nft", "list", "tables").filter { $0.contains("viv") },
            processes: try lines("ps", "-eo", "args").filter {
                $0.contains("viv-container") || $0.contains("viv-network")
            })
    }

    /// What is there now and was not in `earlier`.
    func beyond(_ earlier: Census) -> Census {
        Census(
            mounts: mounts.subtracting(earlier.mounts),
            controlGroups: controlGroups.subtracting(earlier.controlGroups),
            links: links.subtracting(earlier.links), tables: tables.subtracting(earlier.tables),
            processes: processes.subtracting(earlier.processes))
    }

    /// Waits until nothing of ours is there that was not there then.
    func expectNothingMore(_ daemon: DaemonUnderTest) throws {
        var more = self
        do {
            try daemon.eventually("nothing is left") {
                more = try Census.take().beyond(self)
                return more.isEmpty
            }
        } catch {
            Issue.record("left on the host:\n\(more)")
        }
    }

    private var isEmpty: Bool {
        mounts.isEmpty && controlGroups.isEmpty && links.isEmpty && tables.isEmpty && processes.isEmpty
    }

    var description: String {
        (mounts.union(controlGroups).union(links).union(tables).union(processes)).sorted().joined(
            separator: "\n")
    }

    private static func lines(_ command: String..., field: Int? = nil) throws -> Set<String> {
        let output = try Command.run(URL(filePath: "/usr/bin/env"), command).output
        return Set(
            output.split(separator: "\n").map { line in
                guard let field else { return String(line) }
                let words = line.split(separator: " ")
                return field < words.count ? String(words[field]) : ""
            })
    }
}
