import CLI
import Model
import Testing

/// Whole command lines of `run`, as specifications.
@Suite struct CommandLineTests {
    @Test func `what follows the image belongs to the container`() throws {
        let spec = try RunLine.spec(of: [
            "-it", "--rm", "debian:12", "ls", "-l", "--rm=false", "-p",
        ])
        #expect(spec.image == "debian:12" && spec.command == ["ls", "-l", "--rm=false", "-p"])
        #expect(spec.keepsStdinOpen && spec.hasTerminal && spec.removesItself)
    }

    @Test func `the usual options land where they belong`() throws {
        let spec = try RunLine.spec(of: [
            "-p", "8080:80", "-p9000:90", "-v", "data:/d", "-e", "A=1", "-w", "/w", "-u", "1:2", "-h", "web",
            "-l", "a=b",
            "-m", "256m", "--memory-swap", "-1", "--cpus", "0.5", "--pids-limit", "-1", "--cap-add",
            "NET_ADMIN",
            "--network", "name=back,ip=10.0.0.2", "--network", "front", "--network-alias", "www", "--dns",
            "1.1.1.1",
            "--add-host", "a=[::1]", "--ulimit", "nofile=5", "--tmpfs", "/t:size=1m", "--entrypoint", "",
            "--init",
            "--health-cmd", "true", "--health-interval", "5s", "--restart", "always", "--shm-size", "1g",
            "app",
        ])
        #expect(spec.network.ports.map(\.hostPort) == [8080, 9000])
        #expect(spec.mounts.map(\.target) == ["/d", "/t"] && spec.environment == ["A=1"])
        #expect(spec.workingDirectory == "/w" && spec.user == "1:2" && spec.hostname == "web")
        #expect(spec.labels == ["a": "b"] && spec.resources.memory == 256 << 20)
        #expect(spec.resources.memorySwap == -1 && spec.resources.nanoCPUs == 500_000_000)
        #expect(spec.resources.processes == -1 && spec.addedCapabilities == ["NET_ADMIN"])
        #expect(spec.network.mode == "back" && spec.network.endpoints["back"]?.aliases == ["www"])
        #expect(spec.network.endpoints["back"]?.ipv4Address == "10.0.0.2")
        #expect(spec.network.endpoints["front"] != nil && spec.network.extraHosts == ["a:::1"])
        #expect(spec.entrypoint == [] && spec.usesInit && spec.command == nil)
        #expect(
            spec.healthCheck?.test == ["CMD-SHELL", "true"] && spec.healthCheck?.interval == 5_000_000_000)
        #expect(spec.restart.kind == .always && spec.sharedMemorySize == 1 << 30)
    }

    @Test(arguments: [
        ["--rm", "--restart", "always", "a"], ["--no-healthcheck", "--health-cmd", "x", "a"],
        ["--ip", "10.0.0.1", "a"], ["--cpus", "1", "--cpu-quota", "5", "a"], [], ["-p", "x", "a"],
        ["--no-such-option", "a"], ["--oom-score-adj", "5000", "a"],
    ])
    func `contradictions and unknown options are refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try RunLine.spec(of: arguments) }
    }

    @Test func `an unknown option is told with its nearest`() {
        let failure = #expect(throws: Failure.self) {
            try RunLine.spec(of: ["--volumne", "a:/b", "app"])
        }
        #expect(failure?.description.contains("did you mean '--volume'?") == true)
    }

    @Test func `flags may carry truth values, before the image only`() {
        #expect(
            BooleanFlags.normalised([
                "--rm=true", "-e", "--rm=true", "-t=false", "--sig-proxy=false", "a", "--rm=true",
            ])
                == ["--rm", "-e", "--rm=true", "--no-sig-proxy", "a", "--rm=true"])
        #expect(BooleanFlags.normalised(["-p80:80", "--init=1", "a"]) == ["-p80:80", "--init", "a"])
    }

    @Test func `the host and the container noun are taken off`() throws {
        let line = try CommandLineWords(["--host", "unix:///x.sock", "container", "ls", "-a"])
        #expect(line.host == "unix:///x.sock" && line.words == ["ps", "-a"])
        let failure = #expect(throws: Failure.self) { try CommandLineWords(["rnu", "a"]) }
        #expect(failure?.description.contains("did you mean 'viv run'?") == true)
        #expect(throws: Failure.self) { try CommandLineWords(["--host"]) }
    }

    @Test func `the near word is found, a far one is not`() {
        #expect(Suggestion.nearest(to: "volmue", among: ["network", "volume"]) == "volume")
        #expect(Suggestion.nearest(to: "frobnicate", among: ["network", "volume"]) == nil)
        #expect(Suggestion.distance("abcd", "abdc") == 1 && Suggestion.distance("", "abc") == 3)
    }
}
