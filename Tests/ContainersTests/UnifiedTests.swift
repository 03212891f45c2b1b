import Glibc
import Testing

@testable import Containers

/// Control groups of the second version: what is written, and containers that see no other version.
@Suite(.serialized) struct UnifiedTests {
    /// A folder that has the files of a group, as far as controllers were handed down to it.
    private final class Group {
        let folder = "/tmp/vivtest-group-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        var cgroup: ContainerCgroup { ContainerCgroup(folders: ["": folder]) }

        init(_ files: [String: String]) {
            mkdir(folder, 0o755)
            for (name, text) in files { put(name, text) }
        }

        deinit { _ = try? Program.run("rm", ["-rf", folder]) }

        func put(_ name: String, _ text: String) {
            guard let file = fopen("\(folder)/\(name)", "w") else { return }
            fputs(text, file)
            fclose(file)
        }

        func text(_ name: String) -> String? { CgroupFile.text(folder, name) }
    }

    private static func resources() -> RuntimeSpec.Resources {
        var resources = RuntimeSpec.Resources()
        resources.memory = .init()
        resources.memory?.limit = 1 << 20
        resources.memory?.swap = 3 << 20
        resources.cpu = .init()
        resources.cpu?.quota = 50_000
        resources.cpu?.shares = 1024
        resources.cpu?.cpus = "0"
        resources.pids = .init(limit: 9)
        return resources
    }

    @Test func everyLimitGoesIntoItsFile() throws {
        let names = ["memory.max", "memory.swap.max", "cpu.max", "cpu.weight", "cpuset.cpus", "pids.max"]
        let group = Group(Dictionary(uniqueKeysWithValues: names.map { ($0, "") }))
        try CgroupLimits.apply(
            CgroupLimits.settings(Self.resources(), isUnified: true), to: group.cgroup)
        #expect(names.map { group.text($0) } == ["1048576", "2097152", "50000 100000", "39", "0", "9"])
    }

    @Test func aControllerThatWasNotHandedDownIsNamed() throws {
        let group = Group(["cpu.max": "", "cpu.weight": "", "cpuset.cpus": "", "pids.max": ""])
        let error = #expect(throws: ContainerError.self) {
            try CgroupLimits.apply(
                CgroupLimits.settings(Self.resources(), isUnified: true), to: group.cgroup)
        }
        #expect(error?.kind == .refusedByHost)
        #expect(error?.description.contains("was not given the controller memory") == true)
    }

    @Test func aGroupIsFrozenAndKilledThroughItsFiles() throws {
        let group = Group([
            "cgroup.freeze": "0", "cgroup.events": "populated 1\nfrozen 1\n", "cgroup.kill": "",
        ])
        try group.cgroup.freeze(true)
        #expect(group.text("cgroup.freeze") == "1" && group.cgroup.isFrozen)
        group.put("cgroup.events", "populated 1\nfrozen 0\n")
        try group.cgroup.freeze(false)
        #expect(!group.cgroup.isFrozen)
        group.cgroup.kill(SIGKILL)
        #expect(group.text("cgroup.kill") == "1")
    }

    @Test func statisticsAreReadFromWhatIsThere() {
        let group = Group([
            "cpu.stat":
                "usage_usec 7\nuser_usec 4\nsystem_usec 3\nnr_periods 2\nnr_throttled 1\nthrottled_usec 5\n",
            "memory.current": "4096", "memory.max": "max", "memory.events": "max 3\noom_kill 2\n",
            "pids.current": "6", "pids.max": "9",
            "io.stat": "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n",
        ])
        let seen = CgroupStatistics.read(folders: ["": group.folder])
        #expect(seen.cpu.total == 7000 && seen.cpu.system == 3000 && seen.cpu.throttledTime == 5000)
        #expect(seen.memory.usage == 4096 && seen.memory.limit == .max && seen.memory.outOfMemoryKills == 2)
        #expect(seen.processes == 6 && seen.processLimit == 9)
        #expect(seen.devices.first?.readBytes == 10 && seen.devices.first?.writes == 2)
    }

    // MARK: Real groups

    /// Where the second version is on this host; `nil` when it is not.
    static let unified = CgroupHierarchies.ofHost().unified
    static let canRun = RealContainer.obstacle == nil && unified != nil

    /// Hides the first version.
    static let view =
        "umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec $RUN"

    /// Puts back what running containers have handed down at the top.
    private static func keepingControllers(_ body: () throws -> Void) rethrows {
        let root = unified ?? ""
        let before = CgroupFile.text(root, "cgroup.subtree_control")?.split(separator: " ") ?? []
        defer {
            for added in CgroupFile.text(root, "cgroup.subtree_control")?.split(separator: " ") ?? []
            where !before.contains(added) {
                try? CgroupFile.write("\(root)/cgroup.subtree_control", "-\(added)")
            }
        }
        try body()
    }

    @Test(.enabled(if: canRun)) func aContainerLivesInTheSecondVersionAlone() throws {
        try Self.keepingControllers {
            let container = try RealContainer(["/bin/sleep", "100"])
            let (id, group) = (container.id, "\(Self.unified ?? "")/\(container.id)")
            #expect(container.run(["run", "-d", id], in: Self.view) == (0, ""))
            // The view was that of the second version alone.
            #expect(container.groups == [group])
            #expect(CgroupFile.lines(group, "cgroup.procs").count == 1)
            #expect(container.run(["pause", id], in: Self.view).code == 0)
            #expect(CgroupFile.text(group, "cgroup.freeze") == "1")
            #expect(container.run(["state", id], in: Self.view).output.contains(#""paused""#))
            #expect(container.run(["resume", id], in: Self.view).code == 0)
            let seen = container.run(["exec", id, "/bin/cat", "/proc/self/cgroup"], in: Self.view).output
            #expect(seen.contains("0::/\(id)\n") || seen.contains("0::/\n"), "\(seen)")
            #expect(container.run(["delete", "--force", id], in: Self.view).code == 0)
            #expect(container.groups.isEmpty)
        }
    }

    /// Without a namespace of processes nothing but the group holds them together.
    @Test(.enabled(if: canRun)) func everyProcessOfTheGroupIsKilled() throws {
        try Self.keepingControllers {
            let container = try RealContainer(["/bin/sh", "-c", "sleep 100 & sleep 100 & wait"]) { config in
                var linux = config["linux"]?.object ?? JSONObject()
                let kinds = ["mount", "ipc", "uts", "network"]
                linux["namespaces"] = .array(kinds.map { JSONValue([("type", .string($0))]) })
                config["linux"] = .object(linux)
            }
            let group = "\(Self.unified ?? "")/\(container.id)"
            #expect(container.run(["run", "-d", container.id], in: Self.view).code == 0)
            for _ in 0..<1000 where CgroupFile.lines(group, "cgroup.procs").count < 3 { usleep(5000) }
            let processes = CgroupFile.lines(group, "cgroup.procs").compactMap { pid_t($0) }
            #expect(processes.count == 3)
            #expect(container.run(["delete", "--force", container.id], in: Self.view).code == 0)
            let isAlive = processes.filter { process in
                // Gone, or waiting for whoever is their parent now.
                CgroupFile.text("/proc/\(process)", "stat").map { !$0.contains(") Z ") } ?? false
            }
            #expect(isAlive.isEmpty)
            #expect(container.groups.isEmpty)
        }
    }

    @Test(.enabled(if: canRun)) func devicesAreGuardedByAProgram() throws {
        try Self.keepingControllers {
            for isAllowed in [true, false] {
                let container = try RealContainer(["/bin/sh", "-c", ": </dev/port"]) { config in
                    var linux = config["linux"]?.object ?? JSONObject()
                    // /dev/net/tun, which nobody needs a capability to open.
                    let device: [(String, JSONValue)] = [("type", "c"), ("major", 10), ("minor", 200)]
                    linux["devices"] = .array([JSONValue([("path", "/dev/port")] + device)])
                    let rule = JSONValue([("allow", .bool(isAllowed)), ("access", "rwm")] + device)
                    let none = JSONValue([("allow", false), ("access", "rwm")])
                    linux["resources"] = JSONValue([("devices", .array([none, rule]))])
                    config["linux"] = .object(linux)
                }
                let result = container.run(["run", container.id], in: Self.view)
                #expect(
                    isAllowed ? result.code == 0 : result.output.contains("not permitted"), "\(result)")
            }
        }
    }

    private static let hasHugePages =
        CgroupFile.text(unified ?? "", "cgroup.controllers")?
        .split(separator: " ").contains("hugetlb") == true

    @Test(.enabled(if: canRun && hasHugePages, "the second version has no controller of huge pages here"))
    func aControllerIsHandedDownToTheContainersGroup() throws {
        try Self.keepingControllers {
            let container = try RealContainer(["/bin/sleep", "100"]) { config in
                var linux = config["linux"]?.object ?? JSONObject()
                let limit = JSONValue([("pageSize", "2MB"), ("limit", JSONValue(4 << 20))])
                linux["resources"] = JSONValue([("hugepageLimits", .array([limit]))])
                config["linux"] = .object(linux)
            }
            #expect(container.run(["run", "-d", container.id], in: Self.view) == (0, ""))
            let group = "\(Self.unified ?? "")/\(container.id)"
            #expect(CgroupFile.text(group, "hugetlb.2MB.max") == String(4 << 20))
            #expect(CgroupFile.text(group, "cgroup.controllers")?.contains("hugetlb") == true)
            // Outside the view the group has another path.
            #expect(container.run(["delete", "--force", container.id], in: Self.view).code == 0)
            #expect(container.groups.isEmpty)
        }
    }

    private static let lacksMemory =
        CgroupFile.text(unified ?? "", "cgroup.controllers")?
        .split(separator: " ").contains("memory") == false

    @Test(.enabled(if: canRun && lacksMemory, "memory is the first version's on hybrid hosts only"))
    func aLimitWithoutItsControllerIsRefused() throws {
        try Self.keepingControllers {
            let container = try RealContainer(["/bin/true"]) { config in
                var linux = config["linux"]?.object ?? JSONObject()
                linux["resources"] = JSONValue([("memory", JSONValue([("limit", JSONValue(32 << 20))]))])
                config["linux"] = .object(linux)
            }
            let result = container.run(["run", container.id], in: Self.view)
            #expect(result.code != 0 && result.output.contains("controller memory"), "\(result)")
            #expect(container.groups.isEmpty)
        }
    }
}
