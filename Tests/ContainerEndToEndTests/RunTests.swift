import Foundation
import ProgramDriver
import Testing

/// One container, from the command line to its exit code.
@Suite(.serialized, .enabled(if: Requirement.containers, Requirement.why))
struct RunTests {
    let daemon: DaemonUnderTest

    init() throws { daemon = try DaemonUnderTest() }

    @Test func aContainerSaysHelloAndIsGone() throws {
        #expect(try daemon.output("run", "--rm", Busybox.name, "echo", "hello") == "hello")
        #expect(try daemon.output("ps", "-aq").isEmpty)
    }

    @Test func theExitCodeIsTheProcess() throws {
        #expect(try daemon.viv("run", "--rm", Busybox.name, "sh", "-c", "exit 7").code == 7)
        #expect(try daemon.viv("run", "--rm", Busybox.name, "no-such-program").code == 127)
        #expect(try daemon.viv("run", "--rm", Busybox.name, "/etc/passwd").code == 126)
        #expect(try daemon.viv("run", "--rm", "test/nothing:1", "true").code == 125)
    }

    /// Docker's clients look for these words to tell 126 and 127 from 125.
    @Test(arguments: [("no-such-program", "executable file not found"), ("/etc/passwd", "permission denied")])
    func aStartThatFailsIsToldInDockersWords(program: String, reason: String) throws {
        let id = try daemon.output("create", Busybox.name, program)
        let answer = try Command.run(
            URL(filePath: "/usr/bin/env"),
            [
                "curl", "-s", "--unix-socket", daemon.run.appending(path: "docker.sock").path(), "-X", "POST",
                "-w", "%{http_code}", "http://d/v1.47/containers/\(id)/start",
            ])
        #expect(answer.output.hasSuffix("400"), "\(answer.output)")
        #expect(answer.output.contains("failed to create task for container"), "\(answer.output)")
        #expect(answer.output.contains(reason), "\(answer.output)")
    }

    @Test func errorsAndOutputStayApart() throws {
        let answer = try daemon.viv("run", "--rm", Busybox.name, "sh", "-c", "echo out; echo err >&2")
        #expect(answer.output == "out\n")
        #expect(answer.errors == "err\n")
    }

    @Test func inputReachesTheProcessAndEnds() throws {
        let megabyte = Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let answer = try daemon.viv(["run", "-i", "--rm", Busybox.name, "wc", "-c"], input: megabyte)
        #expect(answer.output.trimmingCharacters(in: .whitespacesAndNewlines) == "1000000")
        let echoed = try daemon.viv(["run", "-i", "--rm", Busybox.name, "md5sum"], input: megabyte)
        let ours = try Command.run(URL(filePath: "/usr/bin/md5sum"), [], input: megabyte)
        #expect(echoed.output == ours.output)
    }

    @Test func whatTheUserAskedForIsWhatTheProcessSees() throws {
        func seen(_ options: String..., script: String) throws -> String {
            let answer = try daemon.viv(["run", "--rm"] + options + [Busybox.name, "sh", "-c", script])
            try daemon.require(answer)
            return answer.output.trimmingCharacters(in: .newlines)
        }
        #expect(try seen("-e", "COLOUR=green", script: "echo $COLOUR") == "green")
        #expect(try seen("-w", "/www", script: "pwd") == "/www")
        #expect(try seen("-h", "box", script: "hostname") == "box")
        #expect(try seen("-u", "user", script: "id -un; id -G") == "user\n1000 1234")
        #expect(try seen("-u", "77:88", script: "id -u; id -g") == "77\n88")
        #expect(try seen("--read-only", script: "touch /x || echo refused").hasSuffix("refused"))
        #expect(try seen("--tmpfs", "/scratch", script: "touch /scratch/x && echo ok") == "ok")
        #expect(try seen(script: "test $$ -eq 1 && echo first") == "first")
        #expect(try seen("--cap-drop", "ALL", script: "chown 1 /tmp || echo refused").hasSuffix("refused"))
        #expect(try seen("--ulimit", "nofile=100:100", script: "ulimit -n") == "100")
        #expect(try seen("--init", script: "ps -o pid,args | grep -c init") != "0")
    }

    @Test func aForkBombMeetsTheLimitOfProcesses() throws {
        let script = "n=0; while [ $n -lt 50 ]; do sleep 5 & n=$((n+1)); done; echo all"
        let answer = try daemon.viv("run", "--rm", "--pids-limit", "10", Busybox.name, "sh", "-c", script)
        #expect(!answer.output.contains("all"))
    }

    @Test func nothingIsLeftOfAContainer() throws {
        let before = try Census.take()
        for _ in 0..<3 { try daemon.output("run", "--rm", Busybox.name, "true") }
        try before.expectNothingMore(daemon)
    }
}
