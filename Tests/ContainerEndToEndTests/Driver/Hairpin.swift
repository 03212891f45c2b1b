import Foundation
import ProgramDriver
import Testing

/// A container that calls its own published ports through the host.
enum Hairpin {
    /// A page on port 80.
    static let server = "echo 'my own page' >/www/index.html; exec httpd -f -h /www -p 80"

    /// Prints the gateway's address.
    static let gateway = "ip route | grep default | tr ' ' '\\n' | grep '[0-9]\\.[0-9]'"

    /// Answers datagrams at port 53, and asks itself at an address and a port; busybox has no such server.
    private static let datagrams = """
        import socket, sys, threading
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("0.0.0.0", 53))
        def serve():
            while True:
                data, peer = server.recvfrom(2000)
                server.sendto(b"echo of " + data, peer)
        threading.Thread(target=serve, daemon=True).start()
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(5)
        client.connect((sys.argv[1], int(sys.argv[2])))
        for size in (5, 1400):
            client.send(b"x" * size)
            print(client.recv(2000) == b"echo of " + b"x" * size)
        """

    /// The address of one of the host's own interfaces, if it has any but the loopback's.
    static func hostAddress() throws -> [String] {
        let answer = try Command.run(URL(filePath: "/usr/bin/env"), ["hostname", "-I"])
        let own = answer.output.split(separator: " ").map(String.init).first { $0.contains(".") }
        return own.map { [$0] } ?? []
    }

    /// - Parameters:
    ///   - container: publishes ports 80 and 53 of UDP.
    ///   - viv: runs a command.
    static func expectEchoes(
        of container: String, at addresses: [String], _ viv: ([String]) throws -> Command
    ) throws {
        func port(_ name: String) throws -> String {
            let answer = try viv(["port", container, name]).output
            return String(
                answer.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ":").last ?? "")
        }
        let (tcp, udp) = (try port("80/tcp"), try port("53/udp"))
        let pid = try viv(["inspect", "--format", "{{.State.Pid}}", container]).output
        for address in addresses {
            let page = try eventually {
                try viv(["exec", container, "wget", "-q", "-O", "-", "http://\(address):\(tcp)/"])
            }
            #expect(page.output == "my own page\n", "TCP by \(address): \(page.errors)")
            let echo = try Command.run(
                URL(filePath: "/usr/bin/env"),
                [
                    "nsenter", "-t", pid.trimmingCharacters(in: .whitespacesAndNewlines), "-n", "python3",
                    "-c",
                    datagrams, address, udp,
                ])
            #expect(echo.output == "True\nTrue\n", "UDP by \(address): \(echo.errors)")
        }
    }

    /// The first answer that says something: a server takes a moment to listen.
    private static func eventually(_ ask: () throws -> Command) throws -> Command {
        var answer = try ask()
        for _ in 0..<15 where answer.output.isEmpty {
            usleep(100_000)
            answer = try ask()
        }
        return answer
    }
}
