import Foundation
import ProgramDriver
import Testing

/// What Docker's command line does that no page of the API tells, and what once went wrong with it.
@Suite(
    .serialized,
    .enabled(if: Requirement.containers, Requirement.why),
    .enabled(if: Clients.hasDocker, "the docker command is not installed"))
struct ClientHabitTests {
    let daemon: DaemonUnderTest

    init() throws { daemon = try DaemonUnderTest() }

    private func docker(_ words: String..., input: Data? = nil) throws -> Command {
        try Command.run(
            URL(filePath: "/usr/bin/env"), [Clients.docker] + words, input: input, patience: 120,
            environment: [
                "DOCKER_HOST": daemon.dockerHost, "DOCKER_BUILDKIT": "0",
                "DOCKER_CONFIG": daemon.folder.appending(path: "docker-config").path(),
            ])
    }

    @Test func shortRunsNeverLoseTheirOutput() throws {
        for number in 0..<30 {
            #expect(try docker("run", "--rm", Busybox.name, "echo", "\(number)").output == "\(number)\n")
        }
    }

    @Test func execsTellTheirExitCodeEveryTime() throws {
        try daemon.require(try docker("run", "-d", "--name", "execs", Busybox.name, "sleep", "1000"))
        for code in 1...30 {
            let answer = try docker("exec", "execs", "sh", "-c", "echo x; exit \(code)")
            #expect(answer.code == Int32(code) && answer.output == "x\n")
        }
        let missing = try docker("exec", "execs", "nothing")
        #expect(missing.code == 126 && missing.output.contains("OCI runtime exec failed"))
        try daemon.require(try docker("rm", "-f", "execs"))
    }

    @Test func copyingToANewPathSaysNothing() throws {
        try daemon.require(try docker("create", "--name", "copies", Busybox.name, "true"))
        let source = daemon.folder.appending(path: "new")
        try "text".write(to: source, atomically: true, encoding: .utf8)
        let answer = try docker("cp", source.path(), "copies:/tmp/new")
        #expect(answer.code == 0 && !answer.errors.contains("Unsolicited"))
        try daemon.require(try docker("rm", "copies"))
    }

    @Test func anImageMayHaveALayerTwice() throws {
        let folder = daemon.folder.appending(path: "twice")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try "FROM \(Busybox.name)\nRUN true\nRUN : again\nCMD [\"echo\",\"runs\"]\n"
            .write(to: folder.appending(path: "Dockerfile"), atomically: true, encoding: .utf8)
        try daemon.require(try docker("build", "-t", "habit/twice", folder.path()))
        #expect(try docker("run", "--rm", "habit/twice").output == "runs\n")
    }

    @Test func aMissingNetworkIsNotTakenForAMissingImage() throws {
        let answer = try docker("run", "--rm", "--network", "nowhere", Busybox.name, "true")
        #expect(answer.code == 125 && answer.errors.contains("network nowhere not found"))
        #expect(!answer.errors.contains("Unable to find image"))
    }

    @Test func aLoginIsTried() throws {
        let answer = try docker("login", "-u", "me", "-p", "secret", "127.0.0.1:1")
        #expect(answer.code != 0 && !answer.output.contains("Succeeded"))
    }
}
