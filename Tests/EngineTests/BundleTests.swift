import Containers
import Model
import Testing

@testable import Engine

struct BundleTests {
    static func plan(_ change: (inout ContainerSpec) -> Void = { _ in }) -> BundlePlan {
        var spec = ContainerSpec(image: "busybox")
        change(&spec)
        let id = InstanceID(String(repeating: "a", count: 64)) ?? .random()
        var instance = Instance(id: id, name: "web", spec: .container(spec), created: 0)
        instance.process.arguments = ["sh", "-c", "true"]
        instance.process.environment = ["A=1"]
        let folder = InstanceFolder(path: "/data/c", run: "/run/c")
        var plan = BundlePlan(
            instance: instance, spec: spec, folder: folder, layers: ["/l2", "/l1"], host: HostFacts(),
            hostname: "web-host", initProgram: "/bin/viv-container")
        plan.etc = ["/etc/hosts": "/data/c/hosts"]
        return plan
    }

    @Test func aLayerThatComesTwiceIsOneFolder() {
        #expect(LowerFolders.option(["/empty", "/a", "/empty", "/b"]) == "/empty:/a:/b")
    }

    @Test func theRootIsAnOverlayThatTheRuntimeMakes() throws {
        let mounts = try #require(try Self.plan().runtimeSpec().mounts)
        #expect(mounts[0].destination == "/" && mounts[0].type == "overlay")
        #expect(mounts[0].options?.contains("lowerdir=/l2:/l1") == true)
        #expect(mounts[0].options?.contains("upperdir=/data/c/upper") == true)
        #expect(
            mounts.map(\.destination) == [
                "/", "/proc", "/dev", "/dev/pts", "/sys", "/sys/fs/cgroup", "/dev/mqueue", "/dev/shm",
                "/etc/hosts",
            ])
    }

    @Test func theProcessGetsTheUsualEnvironment() throws {
        let process = try Self.plan { $0.hasTerminal = true }.process()
        #expect(process.args == ["sh", "-c", "true"])
        #expect(process.env == [BundlePlan.searchPath, "HOSTNAME=web-host", "TERM=xterm", "A=1", "HOME=/"])
        #expect(process.rlimits?.map(\.type) == ["RLIMIT_NOFILE"])
    }

    @Test func aMountOfTheUsersTakesThePlaceOfTheUsualOne() throws {
        var plan = Self.plan()
        plan.instance.mounts = [
            ResolvedMount(kind: .bind, source: "/b", target: "/a/b"),
            ResolvedMount(kind: .bind, source: "/h", target: "/etc/hosts", isReadOnly: true),
            ResolvedMount(kind: .tmpfs, source: "tmpfs", target: "/a"),
        ]
        let mounts = plan.mounts()
        #expect(mounts.filter { $0.destination == "/etc/hosts" }.map(\.source) == ["/h"])
        #expect(mounts.suffix(3).map(\.destination) == ["/a", "/a/b", "/etc/hosts"])
        #expect(mounts.last?.options == ["rbind", "ro", "rprivate"])
    }

    @Test func capabilitiesAreAddedAndDropped() throws {
        let some = try Self.plan {
            $0.addedCapabilities = ["net_admin"]; $0.droppedCapabilities = ["ALL"]
        }
        #expect(try some.capabilities() == ["CAP_NET_ADMIN"])
        let usual = try Self.plan { $0.droppedCapabilities = ["CAP_CHOWN"] }.capabilities()
        #expect(!usual.contains("CAP_CHOWN") && usual.contains("CAP_KILL"))
        #expect(try Self.plan { $0.isPrivileged = true }.capabilities().contains("CAP_NET_ADMIN"))
        #expect(throws: EngineError.self) { try Self.plan { $0.addedCapabilities = ["FLY"] }.capabilities() }
    }

    @Test func namespacesFollowTheModes() throws {
        func kinds(_ change: (inout ContainerSpec) -> Void) throws -> [String] {
            try Self.plan(change).linux().namespaces?.map(\.type) ?? []
        }
        #expect(try kinds { _ in } == ["pid", "network", "ipc", "uts", "mount", "cgroup"])
        #expect(
            try kinds {
                $0.network.mode = "host"; $0.pidMode = "host"
            } == ["ipc", "uts", "mount", "cgroup"])
        var joined = Self.plan { $0.network.mode = "container:x" }
        joined.joined = ["network": 42]
        #expect(try joined.linux().namespaces?[1].path == "/proc/42/ns/net")
    }

    @Test func thePrivilegedAreNotMaskedOrFiltered() throws {
        let linux = try Self.plan { $0.isPrivileged = true }.linux()
        #expect(linux.seccomp == nil && linux.maskedPaths == [] && linux.readonlyPaths == [])
        let open = try Self.plan { $0.securityOptions = ["seccomp=unconfined", "systempaths=unconfined"] }
            .linux()
        #expect(open.seccomp == nil && open.maskedPaths == [])
        #expect(try Self.plan().linux().seccomp != nil)
    }

    @Test func initTakesTheFirstPlace() throws {
        let plan = Self.plan { $0.usesInit = true }
        #expect(try plan.process().args?.prefix(4) == [BundlePlan.initPath, "init", "--", "sh"])
        #expect(
            plan.mounts().contains {
                $0.destination == BundlePlan.initPath && $0.source == "/bin/viv-container"
            })
    }

    @Test func limitsBecomeTheRuntimes() {
        var wanted = ContainerResources()
        wanted.memory = 64 << 20
        wanted.nanoCPUs = 500_000_000
        wanted.processes = 7
        let resources = ResourceTranslation.runtime(wanted)
        #expect(resources.memory?.limit == 64 << 20 && resources.memory?.swap == 128 << 20)
        #expect(resources.cpu?.quota == 50_000 && resources.cpu?.period == 100_000)
        #expect(resources.pids?.limit == 7)
        #expect(ResourceTranslation.runtime(ContainerResources()).memory == nil)
    }

    @Test func aSeccompProfileWithConditionsIsResolved() throws {
        let text = """
            {"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],
            "syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},
            {"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
            {"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38,"excludes":{"caps":["CAP_SYS_ADMIN"]}},
            {"names":["ptrace"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8"}},
            {"names":["arm"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["arm"]}}]}
            """
        let profile = try SeccompProfile.parse(text, capabilities: [], kernel: "6.1.0-13")
        #expect(profile.architectures == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"])
        #expect(profile.syscalls?.flatMap(\.names) == ["read", "clone3", "ptrace"])
        #expect(throws: EngineError.self) { try SeccompProfile.parse("{", capabilities: [], kernel: "6.1") }
    }

    @Test func theWholeFileIsAsItAlwaysWas() throws {
        var plan = Self.plan {
            $0.securityOptions = ["seccomp=unconfined"]; $0.droppedCapabilities = ["ALL"]
        }
        plan.instance.mounts = [ResolvedMount(kind: .volume, name: "v", source: "/v", target: "/data")]
        let spec = try plan.runtimeSpec()
        var reduced = spec
        reduced.mounts = spec.mounts.map { [$0[0]] + $0.suffix(2) }
        reduced.linux?.resources?.devices = nil
        reduced.process?.rlimits = nil
        reduced.linux?.maskedPaths = []
        reduced.linux?.readonlyPaths = []
        let json = String(decoding: try RuntimeJSON.encode(reduced), as: UTF8.self)
        #expect(json == Golden.bundle)
    }
}
