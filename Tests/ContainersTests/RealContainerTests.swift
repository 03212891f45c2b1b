import Glibc
import Testing

@testable import Containers

/// Whole containers, as root, by the program that users start.
@Suite(.enabled(if: RealContainer.obstacle == nil, "\(RealContainer.obstacle ?? "")"), .serialized)
struct RealContainerTests {
    @Test func aProgramRunsAndItsExitCodeComesBack() throws {
        let container = try RealContainer(["/bin/sh", "-c", "echo hello; exit 7"])
        let result = container.run(["run", container.id])
        #expect(result.code == 7)
        #expect(result.output == "hello\n")
        #expect(container.groups.isEmpty)
        #expect(container.run(["list", "-f", "json"]).output == "null\n")
    }

    @Test func aContainerGoesThroughItsLife() throws {
        let container = try RealContainer(["/bin/sleep", "100"])
        let id = container.id
        func status() -> String? {
            let state = try? JSONValue(parsing: Array(container.run(["state", id]).output.utf8))
            return state?.object?["status"]?.string
        }
        #expect(container.run(["create", id]).code == 0)
        #expect(status() == "created")
        #expect(container.run(["delete", id]).code == 0)
        #expect(container.run(["create", id]).code == 0)
        #expect(container.run(["create", id]).code != 0)
        #expect(container.run(["start", id]).code == 0)
        #expect(container.run(["start", id]).code != 0)
        #expect(status() == "running")
        #expect(container.run(["delete", id]).code != 0)
        #expect(container.run(["pause", id]).code == 0)
        #expect(status() == "paused")
        #expect(container.run(["resume", id]).code == 0)
        #expect(container.run(["kill", id, "KILL"]).code == 0)
        for _ in 0..<200 where status() != "stopped" { usleep(5000) }
        #expect(status() == "stopped")
        #expect(container.run(["delete", id]).code == 0)
        #expect(container.run(["state", id]).code != 0)
        #expect(container.groups.isEmpty)
    }

    @Test func anotherProgramJoins() throws {
        let container = try RealContainer(["/bin/sleep", "100"])
        #expect(container.run(["run", "-d", container.id]).code == 0)
        let result = container.run([
            "exec", "-e", "A=b", "-u", "5:6", container.id, "/bin/sh", "-c",
            "id -u; id -g; echo $A $$; exit 3",
        ])
        #expect(result.code == 3)
        #expect(result.output.hasPrefix("5\n6\nb "))
        #expect(container.run(["exec", container.id, "/bin/nothing"]).code == 255)
        #expect(container.run(["ps", "-f", "json", container.id]).output.hasPrefix("["))
    }

    @Test func aProgramThatIsMissingIsNamedAndNothingStays() throws {
        let container = try RealContainer(["no-such-program"])
        let result = container.run(["run", container.id])
        #expect(result.code == 1)
        #expect(result.output.contains("no-such-program"))
        #expect(container.groups.isEmpty)
        #expect(access("\(container.root)/\(container.id)", F_OK) != 0)
    }

    /// The process fails before it has read that it may go on: its last word must not be lost over that.
    @Test func whyAProgramCannotRunIsToldEveryTime() throws {
        let container = try RealContainer(["no-such-program"])
        for round in 0..<60 {
            let result = container.run(["run", container.id])
            #expect(result.code == 1 && result.output.contains("no-such-program"), "\(round): \(result)")
        }
    }

    @Test func hiddenPathsAreEmptyAndTheRootIsReadOnly() throws {
        let container = try RealContainer([
            "/bin/sh", "-c",
            "ls /proc/acpi /sys/firmware; cat /proc/keys; touch /x; touch /proc/sys/x; ls /proc/self/fd | grep -c .",
        ])
        let output = container.run(["run", container.id]).output
        #expect(output.contains("/x: Read-only file system"))
        #expect(output.hasSuffix("4\n"))
    }

    /// A link of a hostile image must not lead a mount onto the host.
    @Test func mountTargetsStayInsideTheRoot() throws {
        let container = try RealContainer(["/bin/cat", "/escape/marker"]) { config in
            var mounts = config["mounts"]?.array ?? []
            let folder = "/tmp/vivtest-marker-\(getpid())"
            mkdir(folder, 0o755)
            if let file = fopen("\(folder)/marker", "w") { fclose(file) }
            mounts.append(
                JSONValue([
                    ("destination", "/escape"), ("type", "bind"), ("source", .string(folder)),
                    ("options", JSONValue(["rbind"])),
                ]))
            config["mounts"] = .array(mounts)
        }
        defer { _ = try? Program.run("rm", ["-rf", "/tmp/vivtest-marker-\(getpid())"]) }
        symlink("/../../etc", "\(container.folder)/rootfs/escape")
        #expect(container.run(["run", container.id]).code == 0)
        #expect(access("/etc/marker", F_OK) != 0)
    }

    @Test func limitsAreInForce() throws {
        let container = try RealContainer(["/bin/sleep", "100"]) { config in
            var linux = config["linux"]?.object ?? JSONObject()
            let memory = JSONValue([("limit", JSONValue(32 << 20))])
            linux["resources"] = JSONValue([("memory", memory), ("pids", JSONValue([("limit", 17)]))])
            config["linux"] = .object(linux)
        }
        #expect(container.run(["run", "-d", container.id]).code == 0)
        let before = try CgroupStatistics.read(id: container.id, root: container.root)
        #expect(before.memory.limit == 32 << 20)
        #expect(before.processLimit == 17)
        #expect(container.run(["update", "--memory", "64M", container.id]).code == 0)
        #expect(try CgroupStatistics.read(id: container.id, root: container.root).memory.limit == 64 << 20)
    }

    @Test func aFilterIsInForce() throws {
        let container = try RealContainer(["/bin/sh", "-c", "touch /dev/x; echo $?"]) { config in
            var linux = config["linux"]?.object ?? JSONObject()
            let rule = JSONValue([
                ("names", JSONValue(["open", "openat", "creat"])), ("action", "SCMP_ACT_ERRNO"),
                ("errnoRet", 16),
                (
                    "args",
                    .array([
                        JSONValue([
                            ("index", 2), ("value", 0x40), ("valueTwo", 0x40), ("op", "SCMP_CMP_MASKED_EQ"),
                        ])
                    ])
                ),
            ])
            linux["seccomp"] = JSONValue([("defaultAction", "SCMP_ACT_ALLOW"), ("syscalls", .array([rule]))])
            config["linux"] = .object(linux)
        }
        #expect(container.run(["run", container.id]).output.contains("busy"))
    }

    @Test func hooksRunInTheirOrder() throws {
        let container = try RealContainer(["/bin/true"])
        let trace = "\(container.folder)/trace"
        try container.write(["/bin/true"]) { config in
            func hook(_ name: String) -> JSONValue {
                let script = "grep -q \(container.id) && echo \(name) >> \(trace)"
                return .array([
                    JSONValue([
                        ("path", "/bin/sh"), ("args", JSONValue(["sh", "-c", script])),
                        ("env", JSONValue(["PATH=/usr/bin:/bin"])),
                    ])
                ])
            }
            let names = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
            config["hooks"] = JSONValue(names.map { ($0, hook($0)) })
        }
        #expect(container.run(["run", container.id]).code == 0)
        let lines = String(decoding: CgroupFile.bytes(trace) ?? [], as: UTF8.self)
        #expect(lines == "prestart\ncreateRuntime\ncreateContainer\npoststart\npoststop\n")
    }

    @Test func layersBecomeTheRootAndNothingIsMountedOnTheHost() throws {
        let container = try RealContainer(["/bin/touch", "/new"])
        let folder = container.folder
        for name in ["upper", "work", "merged"] { mkdir("\(folder)/\(name)", 0o755) }
        try container.write(["/bin/touch", "/new"]) { config in
            config["root"] = JSONValue([("path", "merged")])
            let options = ["lowerdir=\(folder)/rootfs", "upperdir=\(folder)/upper", "workdir=\(folder)/work"]
            let overlay = JSONValue([
                ("destination", "/"), ("type", "overlay"), ("source", "overlay"),
                ("options", JSONValue(options)),
            ])
            config["mounts"] = .array([overlay] + (config["mounts"]?.array ?? []))
        }
        #expect(container.run(["run", container.id]).code == 0)
        #expect(access("\(folder)/upper/new", F_OK) == 0)
        #expect(access("\(folder)/rootfs/new", F_OK) != 0)
        #expect(!MountTable.read().contains { $0.path.hasPrefix(folder) })
    }

    @Test func aUserNamespaceMapsIdsAndCanBeJoined() throws {
        let container = try RealContainer(["/bin/sleep", "100"]) { config in
            var linux = config["linux"]?.object ?? JSONObject()
            linux["namespaces"] = .array((linux["namespaces"]?.array ?? []) + [JSONValue([("type", "user")])])
            let map = JSONValue([("containerID", 0), ("hostID", 100_000), ("size", 65536)])
            linux["uidMappings"] = .array([map])
            linux["gidMappings"] = .array([map])
            config["linux"] = .object(linux)
        }
        _ = try Program.run("chown", ["-R", "100000:100000", "\(container.folder)/rootfs"])
        #expect(container.run(["run", "-d", container.id]).code == 0)
        let result = container.run(["exec", container.id, "/bin/sh", "-c", "id -u; cat /proc/self/uid_map"])
        #expect(result.output.split(separator: "\n").first == "0")
        #expect(result.output.contains("100000"))
    }

    /// What a plain user can do: a user namespace with the own id alone.
    @Test func aUserWithoutPrivilegeRunsContainers() throws {
        let container = try RealContainer(["/bin/id", "-u"])
        let folder = container.folder
        unlink("\(folder)/config.json")
        let program = RealContainer.program ?? ""
        let script = """
            cp \(program) \(folder)/program && chown -R 65534:65534 \(folder) && cd \(folder) &&
            drop="setpriv --reuid 65534 --regid 65534 --clear-groups" &&
            $drop ./program spec --rootless && sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"id","-u"/' config.json &&
            $drop ./program --root \(folder)/own run \(container.id) > out 2> err; echo $? >> out
            """
        _ = try Program.run("sh", ["-c", script])
        #expect(String(decoding: CgroupFile.bytes("\(folder)/out") ?? [], as: UTF8.self) == "0\n0\n")
    }

    @Test func whatAKilledRuntimeLeavesCanBeDeleted() throws {
        let container = try RealContainer(["/bin/sleep", "100"])
        for delay in stride(from: 500, through: 8000, by: 500) {
            let program = RealContainer.program ?? ""
            let script =
                "cd \(container.folder); '\(program)' --root '\(container.root)' create \(container.id) >/dev/null 2>&1 </dev/null & "
                + "p=$!; busybox usleep \(delay); kill -9 $p 2>/dev/null; wait $p 2>/dev/null; true"
            _ = try Program.run("sh", ["-c", script])
            #expect(container.run(["delete", "--force", container.id]).code == 0)
            #expect(container.groups.isEmpty, "killed after \(delay) µs")
            #expect(access("\(container.root)/\(container.id)", F_OK) != 0)
        }
    }
}
