import Foundation
import ProgramDriver
import Testing

/// Docker's own command line, driving our daemon.
@Suite(
    .serialized,
    .enabled(if: Requirement.containers, Requirement.why),
    .enabled(if: Clients.hasDocker, "the docker command is not installed"))
struct DockerCLITests {
    let daemon: DaemonUnderTest

    init() throws { daemon = try DaemonUnderTest() }

    /// What a command printed, without the last newline.
    @discardableResult
    private func docker(_ words: String..., input: Data? = nil) throws -> String {
        let answer = try run(words, input: input)
        try daemon.require(answer)
        return answer.output.trimmingCharacters(in: .newlines)
    }

    private func run(_ words: [String], input: Data? = nil) throws -> Command {
        try Command.run(
            URL(filePath: "/usr/bin/env"), [Clients.docker] + words, input: input, patience: 120,
            environment: [
                "DOCKER_HOST": daemon.dockerHost,
                "DOCKER_CONFIG": daemon.folder.appending(path: "docker-config").path(),
            ])
    }

    @Test func runKeepsStreamsInputAndExitCode() throws {
        #expect(try docker("run", "--rm", Busybox.name, "echo", "hello") == "hello")
        let answer = try run(["run", "--rm", Busybox.name, "sh", "-c", "echo out; echo err >&2; exit 5"])
        #expect(answer.code == 5 && answer.output == "out\n" && answer.errors == "err\n")
        let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let count = try docker("run", "-i", "--rm", Busybox.name, "wc", "-c", input: bytes)
        #expect(count.trimmingCharacters(in: .whitespaces) == "300000")
        #expect(try run(["run", "--rm", "test/nothing:1"]).code == 125)
        #expect(try docker("ps", "-aq").isEmpty)
    }

    @Test func aContainerIsLookedAtChangedAndRemoved() throws {
        let id = try docker(
            "run", "-d", "--name", "life", "-l", "a=b", "-m", "64m", Busybox.name, "sleep", "1000")
        #expect(try docker("ps", "--no-trunc", "-q", "-f", "label=a=b") == id)
        #expect(
            try docker("inspect", "-f", "{{.State.Status}} {{.HostConfig.Memory}}", "life")
                == "running 67108864")
        #expect(try docker("exec", "life", "sh", "-c", "echo in >/x; cat /x") == "in")
        #expect(try run(["exec", "life", "sh", "-c", "exit 9"]).code == 9)
        #expect(try docker("exec", "-i", "life", "cat", input: Data("fed".utf8)) == "fed")
        #expect(try docker("diff", "life").contains("A /x"))
        #expect(try docker("top", "life").contains("sleep 1000"))
        #expect(try docker("stats", "--no-stream", "--format", "{{.Name}}", "life") == "life")
        try docker("update", "-m", "96m", "--memory-swap", "96m", "life")
        #expect(try docker("inspect", "-f", "{{.HostConfig.Memory}}", "life") == "100663296")
        try docker("pause", "life")
        #expect(try docker("ps", "--format", "{{.Status}}").hasSuffix("(Paused)"))
        try docker("unpause", "life")
        try docker("rename", "life", "again")
        try docker("kill", "again")
        #expect(try docker("wait", "again") == "137")
        try docker("rm", "again")
        #expect(try run(["inspect", "again"]).errors.contains("No such object"))
    }

    @Test func logsAreFollowedToTheEnd() throws {
        try docker(
            "run", "-d", "--name", "talker", Busybox.name, "sh", "-c", "echo a; sleep 1; echo b; echo c >&2")
        let followed = try run(["logs", "-f", "talker"])
        #expect(followed.output == "a\nb\n" && followed.errors == "c\n")
        #expect(try run(["logs", "--tail", "1", "talker"]).errors == "c\n")
        #expect(try docker("logs", "-t", "talker").contains("Z a"))
    }

    @Test func filesAreCopiedBothWays() throws {
        try docker("create", "--name", "files", Busybox.name, "true")
        let source = daemon.folder.appending(path: "note")
        try "text".write(to: source, atomically: true, encoding: .utf8)
        try docker("cp", source.path(), "files:/tmp/note")
        let back = daemon.folder.appending(path: "back")
        try docker("cp", "files:/tmp/note", back.path())
        #expect(try String(contentsOf: back, encoding: .utf8) == "text")
        #expect(try run(["cp", "files:/nowhere", back.path()]).code != 0)
    }

    /// Without buildx the client falls back to the classic builder by itself, or is told to.
    @Test(arguments: ["", "0"]) func aDockerfileIsBuilt(_ kit: String) throws {
        let folder = daemon.folder.appending(path: "context-\(kit)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try
            "FROM \(Busybox.name)\nARG WHO=nobody\nCOPY note /note\nRUN echo $WHO >>/note\nCMD [\"cat\",\"/note\"]\n"
            .write(to: folder.appending(path: "Dockerfile"), atomically: true, encoding: .utf8)
        try "copied\n".write(to: folder.appending(path: "note"), atomically: true, encoding: .utf8)
        var environment = [
            "DOCKER_HOST": daemon.dockerHost, "DOCKER_CONFIG": daemon.folder.appending(path: "c").path(),
        ]
        if !kit.isEmpty { environment["DOCKER_BUILDKIT"] = kit }
        let answer = try Command.run(
            URL(filePath: "/usr/bin/env"),
            [Clients.docker, "build", "-t", "cli/built:1", "--build-arg", "WHO=me", folder.path()],
            patience: 120,
            environment: environment)
        try daemon.require(answer)
        #expect(try docker("run", "--rm", "cli/built:1") == "copied\nme")
    }

    @Test func imagesAreTaggedSavedLoadedCommittedAndRemoved() throws {
        try docker("tag", Busybox.name, "cli/copy:2")
        let file = daemon.folder.appending(path: "image.tar").path()
        try docker("save", "-o", file, "cli/copy:2")
        try docker("rmi", "cli/copy:2")
        #expect(try docker("load", "-i", file) == "Loaded image: cli/copy:2")
        try docker("run", "--name", "changed", Busybox.name, "touch", "/mark")
        try docker("commit", "-c", "CMD [\"ls\",\"/mark\"]", "changed", "cli/committed")
        #expect(try docker("run", "--rm", "cli/committed") == "/mark")
        #expect(try docker("images", "-q", "cli/committed").count == 12)
        #expect(try docker("history", "-q", "cli/committed").split(separator: "\n").count >= 2)
    }

    @Test func networksVolumesAndEventsAreThere() throws {
        try docker("network", "create", "--subnet", "10.77.0.0/24", "clinet")
        try docker("volume", "create", "clivolume")
        try docker(
            "run", "-d", "--name", "server", "--network", "clinet", "-v", "clivolume:/v", Busybox.name,
            "sh", "-c", "echo kept >/v/file; sleep 1000")
        let address = try docker(
            "inspect", "-f", "{{.NetworkSettings.Networks.clinet.IPAddress}}", "server")
        #expect(address.hasPrefix("10.77.0."))
        #expect(
            try docker("run", "--rm", "--network", "clinet", Busybox.name, "ping", "-c", "1", "server")
                .contains("1 packets received"))
        #expect(try docker("run", "--rm", "-v", "clivolume:/v", Busybox.name, "cat", "/v/file") == "kept")
        // The client cuts times to seconds: "0s" would leave this second's events out.
        let soon = "\(Int(Date.now.timeIntervalSince1970) + 1)"
        let events = try docker(
            "events", "--since", "10m", "--until", soon, "--filter", "container=server", "--format",
            "{{.Action}}")
        #expect(events.contains("create\n") && events.contains("start"))
        try docker("rm", "-f", "server")
        try docker("network", "rm", "clinet")
        try docker("volume", "rm", "clivolume")
        #expect(try docker("system", "df").contains("Images"))
    }
}
