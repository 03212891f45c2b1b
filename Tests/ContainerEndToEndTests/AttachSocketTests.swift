import Foundation
import ProgramDriver
import Testing

/// Attaching by WebSocket, as browsers and some libraries do.
@Suite(.serialized, .enabled(if: Requirement.containers, Requirement.why))
struct AttachSocketTests {
    let daemon: DaemonUnderTest

    init() throws { daemon = try DaemonUnderTest() }

    /// A client of RFC 6455 in a few lines: sends one message, prints those that come until the other side closes.
    private static let client = """
        import os, socket, struct, sys
        path, container, text = sys.argv[1:]
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(30)
        s.connect(path)
        s.sendall((f"GET /v1.47/containers/{container}/attach/ws?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\\r\\n"
            "Host: d\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n\\r\\n").encode())
        f = s.makefile("rb")
        assert b" 101 " in f.readline()
        while f.readline() != b"\\r\\n": pass
        def send(opcode, data):
            mask = os.urandom(4)
            s.sendall(bytes([0x80 | opcode, 0x80 | len(data)]) + mask
                + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))
        send(2, text.encode())
        while True:
            first, length = f.read(2)
            if length == 126: length, = struct.unpack(">H", f.read(2))
            data = f.read(length)
            if first & 15 == 8: break
            sys.stdout.write(data.decode())
        send(8, data)
        """

    @Test(arguments: [[], ["-t"]] as [[String]])
    func inputAndOutputGoThroughAWebSocket(options: [String]) throws {
        let id = try daemon.output(
            [
                "run", "-d", "-i",
            ] + options + [
                Busybox.name, "sh", "-c", "read line; echo got $line; echo err >&2",
            ])
        let script = daemon.folder.appending(path: "client.py")
        try Self.client.write(to: script, atomically: true, encoding: .utf8)
        let socket = daemon.run.appending(path: "docker.sock").path()
        let answer = try Command.run(
            URL(filePath: "/usr/bin/env"), ["python3", script.path(), socket, id, "a word\n"])
        #expect(answer.code == 0, "\(answer.errors)")
        // The streams are one, in no certain order between them.
        let lines = Set(answer.output.split(whereSeparator: \.isNewline).map(String.init))
        #expect(lines.isSuperset(of: ["got a word", "err"]), "\(answer.output)")
        #expect(try daemon.output(["wait", id]) == "0")
    }
}
