import Images
import Model
import Testing

@testable import Engine

struct MergeTests {
    private func image(_ change: (inout ProcessDefaults) -> Void = { _ in }) -> ProcessDefaults {
        var defaults = ProcessDefaults()
        defaults.entrypoint = ["/entry"]
        defaults.command = ["serve"]
        defaults.environment = ["A=1", "B=2"]
        change(&defaults)
        return defaults
    }

    private func arguments(_ change: (inout ContainerSpec) -> Void) throws -> [String] {
        var spec = ContainerSpec(image: "x")
        change(&spec)
        return try ProcessMerge.process(spec, image()).arguments
    }

    @Test func commandsAndEntrypointsReplaceEachOther() throws {
        #expect(try arguments { _ in } == ["/entry", "serve"])
        #expect(try arguments { $0.command = ["x", "y"] } == ["/entry", "x", "y"])
        #expect(try arguments { $0.entrypoint = ["sh"] } == ["sh"])
        #expect(
            try arguments {
                $0.entrypoint = [""]; $0.command = ["ls"]
            } == ["ls"])
        #expect(throws: EngineError.self) { try arguments { $0.entrypoint = [] } }
    }

    @Test func variablesAreReplacedAddedAndRemoved() {
        #expect(Environment.merge(["A=1", "B=2", "C=3"], ["B=x=y", "A", "D="]) == ["B=x=y", "C=3", "D="])
    }

    @Test func theImagesSettingsAreFallbacks() {
        var spec = ContainerSpec(image: "x")
        spec.labels = ["a": "own"]
        spec.network.ports = [PortMapping(containerPort: 53, transport: .udp)]
        let merged = ProcessMerge.merged(
            spec,
            image {
                $0.labels = ["a": "image", "b": "image"]
                $0.exposedPorts = ["80", "443/tcp"]
                $0.stopSignal = "SIGQUIT"
                $0.healthCheck = HealthDefaults(test: ["CMD", "true"])
            })
        #expect(merged.labels == ["a": "own", "b": "image"])
        #expect(merged.network.exposedPorts == ["443/tcp", "53/udp", "80/tcp"])
        #expect(merged.stopSignal == "SIGQUIT" && merged.healthCheck?.test == ["CMD", "true"])
    }

    @Test func changesOfACommitAreLinesOfADockerfile() throws {
        var defaults = image()
        for line in [
            "CMD [\"a\", \"b\"]", "ENTRYPOINT run it", "ENV C=\"x y\" A=9", "ENV OLD form of it",
            "EXPOSE 80 53/udp",
            "LABEL k='v w'", "WORKDIR /srv", "WORKDIR sub", "USER web", "VOLUME /data",
        ] { try CommitChange.apply(line, to: &defaults) }
        #expect(defaults.command == ["a", "b"] && defaults.entrypoint == ["/bin/sh", "-c", "run it"])
        #expect(defaults.environment == ["A=9", "B=2", "C=x y", "OLD=form of it"])
        #expect(defaults.exposedPorts == ["53/udp", "80/tcp"] && defaults.labels == ["k": "v w"])
        #expect(
            defaults.workingDirectory == "/srv/sub" && defaults.user == "web" && defaults.volumes == ["/data"]
        )
        #expect(throws: EngineError.self) { try CommitChange.apply("RUN ls", to: &defaults) }
    }

    @Test(
        arguments: [
            { (spec: inout ContainerSpec) in spec.resources.memory = 1000 },
            { $0.resources.memorySwap = 64 << 20 },
            { $0.resources.nanoCPUs = 1_000_000_000_000 },
            { $0.mounts = [MountSpec(.tmpfs, target: "relative")] },
            { $0.mounts = [MountSpec(.tmpfs, target: "/../")] },
            { $0.mounts = [MountSpec(.tmpfs, target: "/a"), MountSpec(.tmpfs, target: "/a/")] },
            { $0.mounts = [MountSpec(.bind, source: "name", target: "/a")] },
            { $0.stopSignal = "SIGNOPE" }, { $0.workingDirectory = "here" }, { $0.environment = ["=x"] },
            { $0.limits = [ResourceLimit(name: "nofile", soft: 9, hard: 5)] },
            { $0.limits = [ResourceLimit(name: "cheese", soft: 1, hard: 5)] },
            {
                $0.restart = RestartPolicy(.always); $0.removesItself = true
            },
            { $0.pidMode = "elsewhere" }, { $0.ipcMode = "container:" },
            { $0.healthCheck = HealthCheck(test: ["RUN", "x"]) },
        ] as [@Sendable (inout ContainerSpec) -> Void])
    func nonsenseIsRefused(change: @Sendable (inout ContainerSpec) -> Void) {
        var spec = ContainerSpec(image: "x")
        change(&spec)
        #expect { try Validation.check(spec) } throws: { ($0 as? EngineError)?.kind == .invalid }
    }

    @Test func processesAreThoseOfTheInstance() throws {
        let output =
            "UID  PID  PPID CMD\nroot   10    1 sh -c  sleep 5\nroot   11   10 sleep 5\nroot 12 1 other\n"
        let table = try ProcessListing.table(output, pids: [10, 11])
        #expect(table.titles == ["UID", "PID", "PPID", "CMD"])
        #expect(table.processes.map { $0[3] } == ["sh -c  sleep 5", "sleep 5"])
        #expect(throws: EngineError.self) { try ProcessListing.table("UID CMD\n", pids: []) }
        #expect(throws: EngineError.self) { try ProcessListing.check(["-o", "pid=PPID"]) }
    }
}
