import Glibc
import Testing

@testable import Containers

/// What programs that validate OCI runtimes look at, beyond a container's usual life.
@Suite(.enabled(if: RealContainer.obstacle == nil, "\(RealContainer.obstacle ?? "")"), .serialized)
struct ConformanceTests {
    private func hook(_ script: String) -> JSONValue {
        .array([
            JSONValue([("path", "/bin/sh"), ("args", JSONValue(["sh", "-c", script]))])
        ])
    }

    @Test func hooksRunInOrderAndReadTheState() throws {
        let container = try RealContainer(["/bin/true"])
        let log = "\(container.folder)/log"
        try container.write(["/bin/true"]) { config in
            config["hooks"] = JSONValue(
                ["prestart", "createRuntime", "createContainer", "poststart", "poststop"].map { name in
                    (name, hook("echo \(name) $(grep -c '\"id\":\"\(container.id)\"') >>\(log)"))
                })
        }
        #expect(container.run(["run", container.id]).code == 0)
        let lines = CgroupFile.lines(container.folder, "log").map(String.init)
        #expect(
            lines == [
                "prestart 1", "createRuntime 1", "createContainer 1", "poststart 1", "poststop 1",
            ])
    }

    @Test func aFailedHookBeforeTheStartIsAnErrorAndOneAfterItAWarning() throws {
        for (name, code) in [("createRuntime", Int32(1)), ("poststart", 0), ("poststop", 0)] {
            let container = try RealContainer(["/bin/true"]) { config in
                config["hooks"] = JSONValue([(name, hook("exit 3"))])
            }
            let result = container.run(["run", container.id])
            #expect(result.code == code, "\(name): \(result.output)")
            #expect(result.output.contains("exit status 3"), "\(name): \(result.output)")
            #expect(container.groups.isEmpty)
        }
    }

    @Test func aHookWithoutAnEnvironmentHasTheRuntimes() throws {
        let container = try RealContainer(["/bin/true"]) { config in
            config["hooks"] = JSONValue([("prestart", hook("test -n \"$PATH\" -a -n \"$VIVTEST\""))])
        }
        setenv("VIVTEST", "1", 1)
        defer { unsetenv("VIVTEST") }
        #expect(container.run(["run", container.id]).code == 0)
    }

    @Test func aFilterHoldsForHooksInsideTheContainer() throws {
        let container = try RealContainer(["/bin/true"]) { config in
            var linux = config["linux"]?.object ?? JSONObject()
            linux["seccomp"] = JSONValue([
                ("defaultAction", "SCMP_ACT_ALLOW"),
                (
                    "syscalls",
                    .array([
                        JSONValue([
                            ("names", JSONValue(["mkdir", "mkdirat"])), ("action", "SCMP_ACT_KILL_PROCESS"),
                        ])
                    ])
                ),
            ])
            config["linux"] = .object(linux)
            config["hooks"] = JSONValue([
                (
                    "startContainer",
                    .array([
                        JSONValue([
                            ("path", "/bin/busybox"), ("args", JSONValue(["mkdir", "/dev/shm/made"])),
                        ])
                    ])
                )
            ])
        }
        let result = container.run(["run", container.id])
        #expect(result.code != 0)
        #expect(result.output.contains("bad system call"), "\(result.output)")
    }

    @Test func whatBecomesOfTheBundleAfterwardsHasNoEffect() throws {
        let container = try RealContainer(["/bin/sleep", "100"])
        #expect(container.run(["create", container.id]).code == 0)
        try container.write(["/bin/nothing"]) { $0["hooks"] = JSONValue([("poststart", hook("exit 9"))]) }
        let result = container.run(["start", container.id])
        #expect(result.code == 0 && result.output.isEmpty, "\(result.output)")
        unlink("\(container.folder)/config.json")
        #expect(container.run(["exec", container.id, "/bin/echo", "here"]).output == "here\n")
    }

    @Test func aHomeComesFromTheContainersOwnUsers() throws {
        let container = try RealContainer(["/bin/sh", "-c", "echo $HOME"])
        let file = try #require(fopen("\(container.folder)/rootfs/etc/passwd", "w"))
        fputs("root:x:0:0:root:/the/root:/bin/sh\nlast:x:1000:1000::/last", file)
        fclose(file)
        #expect(container.run(["run", container.id]).output == "/the/root\n")
        try container.write(["/bin/sleep", "100"])
        #expect(container.run(["run", "-d", container.id]).code == 0)
        func home(_ words: String...) -> String {
            container.run(["exec"] + words + [container.id, "/bin/sh", "-c", "echo $HOME"]).output
        }
        #expect(home("-u", "1000") == "/last\n")
        #expect(home("-u", "7") == "/\n")
        #expect(home("-e", "HOME=/one", "-e", "HOME=/two") == "/two\n")
    }

    @Test func aFrozenGroupIsRefusedAndAForeignFreezerDoesNotKeepAContainer() throws {
        let freezer = "/sys/fs/cgroup/freezer"
        guard access(freezer, W_OK) == 0 else { return }
        let container = try RealContainer(["/bin/sleep", "100"])
        let group = "\(freezer)/\(container.id)-other"
        mkdir(group, 0o755)
        defer { rmdir(group) }
        #expect(container.run(["run", "-d", container.id]).code == 0)
        let state = try ContainerState.read(id: container.id, layout: RuntimeLayout(root: container.root))
        try CgroupFile.write("\(group)/cgroup.procs", String(state.processID))
        try CgroupFile.write("\(group)/freezer.state", "FROZEN")
        #expect(container.run(["delete", "--force", container.id]).code == 0)
        #expect(container.groups.isEmpty)

        let path = try #require(state.cgroupPaths["freezer"])
        mkdir(path, 0o755)
        try CgroupFile.write("\(path)/freezer.state", "FROZEN")
        defer { rmdir(path) }
        let result = container.run(["run", "-d", container.id])
        #expect(result.code == 1)
        #expect(result.output.contains("frozen"), "\(result.output)")
    }

    @Test func programsJoinGroupsBelowTheContainersOwnOnly() throws {
        let container = try RealContainer(["/bin/sleep", "100"])
        #expect(container.run(["run", "-d", container.id]).code == 0)
        func exec(_ group: String) -> (code: Int32, output: String) {
            container.run(["exec", "--cgroup", group, container.id, "/bin/cat", "/proc/self/cgroup"])
        }
        #expect(exec("..").output.contains(".. is not a sub cgroup path"))
        #expect(exec("gravity:/").output.contains("unknown controller"))
        #expect(exec("nothing").output.contains("no such file"))
        #expect(exec("/").code == 0)
    }

    @Test func withoutPivotRootTheHostsProcStaysOut() throws {
        let container = try RealContainer([
            "/bin/busybox", "unshare", "-mrpf", "/bin/busybox", "mount", "-t", "proc", "none", "/proc",
        ]) { config in
            var process = config["process"]?.object ?? JSONObject()
            let all = JSONValue(["CAP_SYS_ADMIN", "CAP_SETFCAP", "CAP_SETUID", "CAP_SETGID"])
            process["capabilities"] = JSONValue(["bounding", "effective", "permitted"].map { ($0, all) })
            config["process"] = .object(process)
        }
        #expect(container.run(["run", "--no-pivot", container.id]).code != 0)
        #expect(access("/proc/self/stat", F_OK) == 0)
    }
}

struct ConformanceRuleTests {
    @Test func twoComparisonsOfOneArgumentAreAlternatives() throws {
        var profile = RuntimeSpec.Seccomp(defaultAction: "SCMP_ACT_ERRNO")
        profile.syscalls = [
            RuntimeSpec.SystemCallRule(
                names: ["socket"], action: "SCMP_ACT_ALLOW",
                args: [
                    RuntimeSpec.SystemCallArgument(index: 0, value: 100, op: "SCMP_CMP_EQ"),
                    RuntimeSpec.SystemCallArgument(index: 0, value: 9001, op: "SCMP_CMP_EQ"),
                ])
        ]
        let number = try #require(SystemCalls.number(of: "socket", door: .native))
        let program = try SeccompCompiler(profile).compile().program
        for (value, answer) in [
            (UInt64(100), SeccompTests.allow), (9001, SeccompTests.allow), (1, 0x0005_0001),
        ] {
            let machine = FilterMachine(
                number: number, architecture: SeccompTests.native, arguments: [value, 0, 0, 0, 0, 0])
            #expect(try machine.run(program) == answer)
        }
    }

    @Test func aListenerNeedsAPathAndLeavesWriteAlone() {
        for (names, path) in [(["mkdir"], ""), (["write"], "/run/agent.sock")] {
            var profile = RuntimeSpec.Seccomp(defaultAction: "SCMP_ACT_ALLOW")
            profile.listenerPath = path
            profile.syscalls = [RuntimeSpec.SystemCallRule(names: names, action: "SCMP_ACT_NOTIFY")]
            #expect(throws: ContainerError.self) { try SeccompCompiler(profile).compile() }
        }
    }

    @Test func settingsOfV2AreRefusedBesideV1() {
        var resources = RuntimeSpec.Resources()
        resources.unified = ["memory.min": "131072"]
        #expect(throws: ContainerError.self) { try CgroupLimits.settings(resources, isUnified: false) }
        #expect(throws: Never.self) { try CgroupLimits.settings(resources, isUnified: true) }
    }

    @Test func theHostNameIsSetByItsFieldOnly() throws {
        let plan = try NamespacePlan([.init(type: "uts"), .init(type: "mount")])
        try Sysctls.check("kernel.domainname", plan)
        #expect(throws: ContainerError.self) { try Sysctls.check("kernel.hostname", plan) }
    }
}
