import Foundation
import ProgramDriver
import Testing

/// A daemon that dies at the worst moment, and comes back.
@Suite(
    .serialized,
    .enabled(if: Requirement.containers, Requirement.why))
struct CrashTests {
    let daemon: DaemonUnderTest

    init() throws { daemon = try DaemonUnderTest() }

    @Test func containersLogsAndExitCodesSurvive() throws {
        let script = "n=0; while [ $n -lt 20 ]; do echo $n; n=$((n+1)); sleep 0.1; done; exit 9"
        try daemon.output("run", "-d", "--name", "counter", Busybox.name, "sh", "-c", script)
        try daemon.output(
            "run", "-d", "--name", "stayer", "-p", "127.0.0.1:0:80", Busybox.name, "sleep", "1000")
        let pid = try daemon.output("inspect", "--format", "{{.State.Pid}}", "stayer")
        daemon.crash()
        #expect(kill(try #require(pid_t(pid)), 0) == 0)
        usleep(2_500_000)
        try daemon.start()
        #expect(try daemon.output("wait", "counter") == "9")
        let lines = try daemon.viv("logs", "counter").output.split(separator: "\n")
        #expect(lines.map(String.init) == (0..<20).map(String.init))
        #expect(
            try daemon.output("inspect", "--format", "{{.State.Status}} {{.State.Pid}}", "stayer")
                == "running \(pid)")
        #expect(try daemon.output("exec", "stayer", "echo", "still here") == "still here")
        try daemon.output("rm", "-f", "stayer", "counter")
    }

    @Test(arguments: 1...6) func nothingHalfMadeIsSeenAfterACrash(round: Int) throws {
        let before = try Census.take()
        let host = daemon.host
        let busy = Thread {
            for index in 0..<20 {
                let words = ["run", "-d", "--name", "made\(index)", Busybox.name, "sleep", "1000"]
                _ = try? Command.run(Programs.viv, words, environment: ["VIV_HOST": host])
            }
        }
        busy.start()
        usleep(useconds_t(100_000 + round * 97_000))
        daemon.crash()
        while !busy.isFinished { usleep(10_000) }
        try daemon.start()
        let states = try daemon.output("ps", "-a", "--format", "{{.State}}").split(separator: "\n")
        #expect(states.allSatisfy { $0 == "running" || $0 == "created" }, "\(states)")
        let all = try daemon.output("ps", "-aq").split(separator: "\n").map(String.init)
        if !all.isEmpty { try daemon.require(try daemon.viv(["rm", "-f"] + all)) }
        try before.expectNothingMore(daemon)
    }

    @Test func manyRequestsAtOnceAreAnswered() throws {
        try daemon.output("run", "-d", "--name", "busy", Busybox.name, "sleep", "1000")
        let socket = daemon.run.appending(path: "docker.sock").path()
        let script = """
            import socket, sys, threading
            def ask(results, index):
                s = socket.socket(socket.AF_UNIX); s.settimeout(60); s.connect(sys.argv[1])
                s.sendall(b"GET /v1.43/containers/busy/json HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
                data = b""
                while True:
                    more = s.recv(65536)
                    if not more: break
                    data += more
                results[index] = data.startswith(b"HTTP/1.1 200")
            results = [False] * 500
            threads = [threading.Thread(target=ask, args=(results, i)) for i in range(500)]
            [t.start() for t in threads]; [t.join() for t in threads]
            print(sum(results))
            """
        let answer = try Command.run(
            URL(filePath: "/usr/bin/env"), ["python3", "-c", script, socket], patience: 120)
        #expect(answer.output == "500\n", "\(answer.errors)")
        try daemon.output("rm", "-f", "busy")
    }
}
