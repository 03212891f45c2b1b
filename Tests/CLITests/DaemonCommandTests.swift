import CLI
import Glibc
import Model
import Testing

/// Commands against a daemon that answers by a script. They share the environment with the other tests of the door,
/// and therefore their queue.
extension DoorTests {
    @Suite struct DaemonCommandTests {
        private static let id = String(repeating: "ab", count: 32)

        private func enter(
            _ arguments: [String], _ answer: @escaping @Sendable (ScriptedDaemon.Request) -> String
        ) throws -> (code: Int32, requests: [ScriptedDaemon.Request]) {
            let daemon = try ScriptedDaemon()
            let code = try daemon.serve(answer) {
                Door.enter(["--host", "unix://\(daemon.path)"] + arguments)
            }
            unsetenv("VIV_HOST")
            return (code, daemon.requests)
        }

        /// Answers `run`: created, attached with some output and an exit code, started.
        private static func container(exit: String) -> @Sendable (ScriptedDaemon.Request) -> String {
            { request in
                switch request.line {
                case _
                where request.line.hasPrefix("POST /v1/instances?") || request.line == "POST /v1/instances":
                    ScriptedDaemon.json("{\"id\":\"\(id)\",\"warnings\":[]}", status: 201)
                case _ where request.line.contains("/attach"):
                    "HTTP/1.1 101 UPGRADED\r\nUpgrade: viv-stream\r\nConnection: Upgrade\r\n\r\n"
                        + String(
                            decoding: Frame(.error, Array("hello\n".utf8)).encoded
                                + Frame(.exit, Array(exit.utf8)).encoded, as: UTF8.self)
                case _ where request.line.hasSuffix("/wait"):
                    ScriptedDaemon.json("{\"exitCode\":9,\"error\":\"\"}")
                default: ScriptedDaemon.done
                }
            }
        }

        @Test func `run makes, attaches, starts, and exits with the container's code`() throws {
            let (code, requests) = try enter(
                ["run", "--name", "web", "app", "sh"], Self.container(exit: "{\"exitCode\":7}"))
            #expect(code == 7)
            #expect(
                requests.map(\.line) == [
                    "POST /v1/instances?name=web",
                    "POST /v1/instances/\(Self.id)/attach?stdin=0&stdout=1&stderr=1&logs=0",
                    "POST /v1/instances/\(Self.id)/start",
                    "POST /v1/instances/\(Self.id)/wait?condition=not-running",
                ])
            let spec = JSONLine.decode(InstanceSpec.self, from: Array(requests[0].body.utf8))
            guard case .container(let container) = spec else {
                Issue.record("no container was asked for")
                return
            }
            #expect(container.image == "app" && container.command == ["sh"])
        }

        @Test func `a stream that breaks is followed by waiting`() throws {
            let (code, requests) = try enter(["run", "app"], Self.container(exit: "{}"))
            #expect(code == 9 && requests.last?.line == "POST /v1/instances/\(Self.id)/wait")
        }

        @Test(arguments: [
            (400, "invalid", 125), (500, "exec: \\\"frob\\\": executable file not found in $PATH", 127),
            (500, "exec /etc/passwd: permission denied", 126),
        ])
        func `a container that cannot start is told as Docker tells it`(
            status: Int, words: String, code: Int32
        )
            throws
        {
            let result = try enter(["run", "--rm", "app"]) { request in
                guard request.line.hasSuffix("/start") else { return Self.container(exit: "{}")(request) }
                return ScriptedDaemon.json(
                    "{\"error\":{\"kind\":\"x\",\"message\":\"\(words)\"}}", status: status)
            }
            #expect(result.code == code)
            #expect(result.requests.contains { $0.line.hasPrefix("DELETE /v1/instances/\(Self.id)") })
        }

        @Test func `a missing image is pulled unless that is forbidden`() throws {
            let answer: @Sendable (ScriptedDaemon.Request) -> String = { request in
                request.line.contains("pull")
                    ? ScriptedDaemon.json(
                        "{\"status\":\"Downloading\",\"id\":\"l1\",\"current\":1,\"total\":2}\n{\"image\":\"sha256:1\"}\n"
                    )
                    : ScriptedDaemon.json(
                        "{\"error\":{\"kind\":\"notFound\",\"message\":\"no image app\"}}", status: 404)
            }
            let (code, requests) = try enter(["run", "app"], answer)
            #expect(code == 125)
            #expect(requests.map(\.line).contains("POST /v1/images/pull?reference=app"))
            let never = try enter(["run", "--pull", "never", "app"], answer)
            #expect(never.code == 125 && never.requests.count == 1)
        }

        @Test func `errors of the daemon become exit codes`() throws {
            for (status, code) in [
                (404, ExitCode.refused), (409, .refused), (400, .badCommandLine), (500, .internalFault),
            ] {
                let result = try enter(["rename", "a", "b"]) { _ in
                    ScriptedDaemon.json("{\"error\":{\"message\":\"no\"}}", status: status)
                }
                #expect(result.code == code.rawValue)
                #expect(result.requests.map(\.line) == ["POST /v1/instances/a/rename?name=b"])
            }
        }

        @Test func `one that fails does not keep the others from their turn`() throws {
            let (code, requests) = try enter(["rm", "-f", "a", "b/c"]) { request in
                request.line.contains("/a?")
                    ? ScriptedDaemon.json("{\"error\":{\"message\":\"no\"}}", status: 409)
                    : ScriptedDaemon.done
            }
            #expect(code == ExitCode.refused.rawValue)
            #expect(requests.map(\.line).last == "DELETE /v1/instances/b%2Fc?force=1&volumes=0")
        }

        @Test(arguments: [
            "", "garbage", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "HTTP/1.1 200 OK\r\n\r\n{}",
        ])
        func `a daemon that talks nonsense is an error and not a hang`(answer: String) throws {
            #expect(try enter(["ps"]) { _ in answer }.code == ExitCode.refused.rawValue)
            #expect(try enter(["exec", "a", "b"]) { _ in answer }.code != 0)
        }

        @Test func `a daemon that was named and does not run is told`() {
            #expect(
                Door.enter(["--host", "unix:///tmp/vivarium-no-such.sock", "images"])
                    == ExitCode.refused.rawValue
            )
            unsetenv("VIV_HOST")
        }
    }
}
