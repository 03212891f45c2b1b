import Foundation
import ProgramDriver
import Testing

/// Docker's own compose, driving our daemon.
@Suite(
    .serialized,
    .enabled(if: Requirement.containers, Requirement.why),
    .enabled(if: Clients.hasCompose, "docker-compose is not in .build/clients: make test unpacks it"))
struct ComposeTests {
    let daemon: DaemonUnderTest
    let folder: URL

    init() throws {
        daemon = try DaemonUnderTest()
        folder = daemon.folder.appending(path: "project")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func compose(_ words: String...) throws -> Command {
        let file = folder.appending(path: "compose.yaml").path()
        let answer = try Command.run(
            URL(filePath: "/usr/bin/env"), [Clients.docker, "compose", "-f", file] + words, patience: 180,
            environment: [
                "DOCKER_HOST": daemon.dockerHost, "DOCKER_CONFIG": try Clients.configuration.get().path(),
                "DOCKER_BUILDKIT": "0", "COMPOSE_ANSI": "never",
            ])
        try daemon.require(answer)
        return answer
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    @Test func twoServicesStartInOrderTalkByNameAndGo() throws {
        try write("FROM \(Busybox.name)\nRUN echo 'a page of web' >/www/index.html\n", to: "Dockerfile")
        try write(
            """
            services:
              web:
                build: .
                command: httpd -f -h /www -p 80
                healthcheck: {test: "wget -q -O - http://127.0.0.1/", interval: 300ms, retries: 20}
                volumes: ["kept:/kept"]
                environment: {COLOUR: green}
              client:
                image: \(Busybox.name)
                command: sh -c 'wget -q -O - http://web/'
                depends_on: {web: {condition: service_healthy}}
            volumes: {kept: {}}
            """, to: "compose.yaml")
        _ = try compose("up", "-d", "--build", "--wait", "web")
        #expect(try compose("run", "--rm", "client").output.contains("a page of web"))
        #expect(try compose("exec", "-T", "web", "sh", "-c", "echo $COLOUR").output == "green\n")
        #expect(try compose("ps", "--services").output == "web\n")
        _ = try compose("up", "-d", "--scale", "web=2", "--no-recreate", "web")
        #expect(try compose("ps", "-q").output.split(separator: "\n").count == 2)
        _ = try compose("down", "-v")
        #expect(try daemon.output("ps", "-aq").isEmpty)
        #expect(try daemon.output("volume", "ls", "-q").isEmpty)
    }
}
