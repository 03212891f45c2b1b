import Foundation
import ProgramDriver
import Testing

/// Who may command a daemon: its own user by its sockets, others only with a certificate or a token.
@Suite(
    .serialized,
    .enabled(
        if: Requirement.containers && Requirement.find("curl") && Requirement.find("openssl"),
        "needs root, busybox-static, nftables, curl and openssl"))
struct DoorTests {
    private let scratch: URL

    init() throws {
        scratch = Programs.scratch.appending(path: "door-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    }

    @Test(arguments: ["vivd.sock", "docker.sock"])
    func anotherUserIsCutOffEvenWhereTheSocketIsOpen(name: String) throws {
        let daemon = try DaemonUnderTest(image: false)
        defer { daemon.end() }
        let socket = daemon.run.appending(path: name).path()
        let ask = ["curl", "-s", "-S", "-m", "20", "--unix-socket", socket, "http://viv/_ping"]
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        // The second socket may be opened a moment after the first one answers.
        try daemon.eventually("the daemon answers at \(name)") { try run(ask).output == "OK" }
        #expect(try mode(of: socket) == 0o600)
        #expect(try mode(of: daemon.run.path()) & 0o077 == 0)
        #expect(try run(nobody + ask).code == 7, "the kernel refuses to connect")

        _ = try run(["chmod", "711", daemon.run.path()])
        _ = try run(["chmod", "666", socket])
        let refused = try run(nobody + ask)
        #expect(refused.code == 52 || refused.code == 56, "no answer: \(refused.errors)")
        #expect(refused.output.isEmpty)
        #expect(try run(ask).output == "OK")
    }

    @Test func withoutAGuardNothingListensOnTCP() throws {
        let vivd = Programs.folder.appending(path: "vivd")
        let answer = try Command.run(
            vivd,
            [
                "--data", scratch.appending(path: "data").path(), "--run",
                scratch.appending(path: "run").path(),
                "--host", "tcp://127.0.0.1:\(LoopbackPort.free())",
            ])
        #expect(answer.code == 64)
        #expect(answer.errors.contains("--token-file"), "\(answer.errors)")
    }

    @Test func aTokenOpensTCP() throws {
        let token = scratch.appending(path: "token")
        try "a token of some length".replacing(" ", with: "-").write(
            to: token, atomically: true, encoding: .utf8)
        let port = LoopbackPort.free()
        let daemon = try DaemonUnderTest(
            options: ["--host", "tcp://127.0.0.1:\(port)", "--token-file", token.path()], image: false)
        defer { daemon.end() }
        let environment = ["VIV_HOST": "tcp://127.0.0.1:\(port)"]
        let stranger = try Command.run(Programs.viv, ["ps"], environment: environment)
        #expect(stranger.code != 0 && stranger.errors.contains("Bearer"), "\(stranger.errors)")
        let friend = try Command.run(
            Programs.viv, ["volume", "create", "far"],
            environment: environment.merging(["VIV_TOKEN": "a-token-of-some-length"]) { $1 })
        #expect(friend.code == 0, "\(friend.errors)")
        #expect(try daemon.output("volume", "ls", "-q") == "far")
    }

    @Test(.enabled(if: Clients.hasDocker, "needs the docker client"))
    func certificatesOpenTLS() throws {
        try makeCertificates()
        let port = LoopbackPort.free()
        let daemon = try DaemonUnderTest(
            options: [
                "--host", "tcp://127.0.0.1:\(port)", "--tlscacert", file("ca.pem"), "--tlscert",
                file("server.pem"), "--tlskey", file("server.key"),
            ], image: false)
        defer { daemon.end() }
        func docker(_ name: String) throws -> Command {
            try run([
                Clients.docker, "--tlsverify", "--tlscacert", file("ca.pem"), "--tlscert",
                file("\(name).pem"),
                "--tlskey", file("\(name).key"), "-H", "tcp://127.0.0.1:\(port)", "volume", "create", name,
            ])
        }
        let friend = try docker("client")
        #expect(friend.code == 0, "\(friend.errors)")
        // Signed by nobody that the daemon knows.
        #expect(try docker("stranger").code != 0)
        let bare = try run(["curl", "-s", "-S", "-k", "-m", "20", "https://127.0.0.1:\(port)/_ping"])
        #expect(bare.code != 0 && bare.output.isEmpty)
        let plain = try run(["curl", "-s", "-m", "20", "http://127.0.0.1:\(port)/_ping"])
        #expect(plain.code != 0 && plain.output.isEmpty)
        #expect(try daemon.output("volume", "ls", "-q") == "client")
    }

    // MARK: Helpers

    private func file(_ name: String) -> String { scratch.appending(path: name).path() }

    private func run(_ words: [String]) throws -> Command {
        try Command.run(URL(filePath: "/usr/bin/env"), words)
    }

    private func mode(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? Int ?? -1) & 0o777
    }

    /// An authority, a server and a client of it, and one who signed himself.
    private func makeCertificates() throws {
        let script = """
            set -e; cd '\(scratch.path())'
            key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
            openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=authority -days 2
            openssl req -x509 $key -keyout stranger.key -out stranger.pem -subj /CN=stranger -days 2
            for name in server client; do
                openssl req $key -keyout $name.key -out $name.csr -subj /CN=$name
                echo 'subjectAltName=IP:127.0.0.1' >$name.ext
                openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
                    -extfile $name.ext -out $name.pem
            done
            """
        let answer = try run(["sh", "-c", script])
        guard answer.code == 0 else { throw Disappointment(answer.errors) }
    }
}
