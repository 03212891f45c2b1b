import Glibc
import Testing

@testable import Containers

/// A user who was given a part of the control groups only.
@Suite(.enabled(if: RealContainer.obstacle == nil, "\(RealContainer.obstacle ?? "")"), .serialized)
struct DelegationTests {
    private static let nobody = 65534
    private static let hierarchies = CgroupHierarchies.ofHost()
    private static let hasFirst =
        hierarchies.controllers["pids"] != nil
        && hierarchies.controllers["memory"] != nil

    /// Groups that belong to nobody, in some hierarchies; gone with this value.
    private final class Subtree {
        let path = "/vivtest-delegated-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let folders: [String]

        /// - Parameter controllers: `""` for the second version.
        init(_ controllers: [String]) {
            let all = DelegationTests.hierarchies.folders(of: path)
            folders = controllers.compactMap { all[$0] }
            for folder in folders {
                mkdir(folder, 0o755)
                for file in ["", "/cgroup.procs", "/cgroup.subtree_control", "/tasks"] {
                    chown(folder + file, UInt32(nobody), UInt32(nobody))
                }
            }
        }

        deinit {
            try? ContainerCgroup(folders: Dictionary(uniqueKeysWithValues: folders.map { ($0, $0) })).remove()
        }
    }

    /// Runs a container as nobody, in the groups of `subtree`.
    ///
    /// - Parameter view: commands of a shell that come first, as root.
    private func run(
        _ script: String, in subtree: Subtree, resources: [(String, JSONValue)] = [], view: String = ""
    ) throws -> (code: Int32, output: String) {
        let container = try RealContainer(["/bin/sh", "-c", script]) { config in
            var linux = SpecCommand.template(isRootless: true).object?["linux"]?.object ?? JSONObject()
            let map = JSONValue([("containerID", 0), ("hostID", JSONValue(Self.nobody)), ("size", 1)])
            linux["uidMappings"] = .array([map])
            linux["gidMappings"] = .array([map])
            linux["cgroupsPath"] = .string("\(subtree.path)/box")
            linux["resources"] = JSONValue(resources)
            config["linux"] = .object(linux)
            config["mounts"] = SpecCommand.template(isRootless: true).object?["mounts"] ?? .array([])
        }
        _ = try Program.run("chown", ["-R", "\(Self.nobody):\(Self.nobody)", container.folder])
        // Whoever moves a process needs the group above both: the shell goes below the delegated one first.
        let enter = subtree.folders.map { "mkdir -p \($0)/shell && echo $$ >\($0)/shell/cgroup.procs" }
        let leave = subtree.folders.map { "echo $$ >\($0)/../cgroup.procs; rmdir \($0)/shell" }
        let result = container.run(
            ["run", container.id],
            in: """
                \(enter.joined(separator: "\n"))
                \(view)
                cp '\(RealContainer.program ?? "")' program && chmod 755 program
                setpriv --reuid \(Self.nobody) --regid \(Self.nobody) --clear-groups $RUN
                code=$?
                \(leave.joined(separator: "\n"))
                exit $code
                """)
        return result
    }

    private static let processes = ("pids", JSONValue([("limit", 17)]))
    private static let memory = ("memory", JSONValue([("limit", JSONValue(64 << 20))]))

    @Test(.enabled(if: hasFirst)) func aLimitOfADelegatedControllerIsInForce() throws {
        let subtree = Subtree(["pids", "freezer"])
        let script =
            "grep pids: /proc/self/cgroup; n=0; while [ $n -lt 30 ]; do sleep 2 & n=$((n+1)); done; echo all"
        let result = try run(script, in: subtree, resources: [Self.processes])
        #expect(result.output.contains(":pids:\(subtree.path)/box"), "\(result)")
        #expect(!result.output.contains("\nall\n") && result.output.contains("fork"), "\(result)")
    }

    @Test(.enabled(if: hasFirst)) func aLimitOfAWithheldControllerIsRefused() throws {
        let subtree = Subtree(["pids", "freezer"])
        let result = try run("echo ran", in: subtree, resources: [Self.memory])
        #expect(result.code != 0 && !result.output.contains("ran\n"), "\(result)")
        #expect(result.output.contains("memory.limit_in_bytes"), "\(result)")
        #expect(access("\(subtree.folders[0])/box", F_OK) != 0, "a group was left behind")
    }

    @Test(.enabled(if: hasFirst)) func whatNobodyAskedForIsLeftToTheHost() throws {
        let subtree = Subtree(["pids"])
        let result = try run("grep -c \(subtree.path)/box /proc/self/cgroup", in: subtree)
        #expect(result.code == 0 && result.output.hasSuffix("1\n"), "\(result)")
        let none = try run("echo ran", in: Subtree([]))
        #expect(none.code == 0 && none.output.hasSuffix("ran\n"), "\(none)")
    }

    @Test(.enabled(if: UnifiedTests.canRun)) func aDelegatedGroupOfTheSecondVersionIsUsed() throws {
        let subtree = Subtree([""])
        let view = "umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup"
        let result = try run(
            "cat /proc/self/cgroup; sleep 0", in: subtree, resources: [], view: view)
        #expect(result.code == 0 && result.output.contains("0::\(subtree.path)/box"), "\(result)")
        let refused = try run("echo ran", in: subtree, resources: [Self.memory], view: view)
        #expect(refused.code != 0 && !refused.output.contains("ran\n"), "\(refused)")
        #expect(refused.output.contains("memory"), "\(refused)")
    }
}
