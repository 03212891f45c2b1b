import Foundation
import ProgramDriver
import Testing

/// What happens to containers that live for a while.
@Suite(
    .serialized,
    .enabled(if: Requirement.containers, Requirement.why))
struct LifeTests {
    let daemon: DaemonUnderTest

    init() throws { daemon = try DaemonUnderTest() }

    private func state(of name: String) throws -> String {
        try daemon.output("inspect", "--format", "{{.State.Status}}", name)
    }

    @Test func aContainerIsCreatedStartedPausedResumedStoppedAndRemoved() throws {
        try daemon.output("create", "--name", "life", Busybox.name, "sleep", "1000")
        #expect(try state(of: "life") == "created")
        try daemon.output("start", "life")
        #expect(try state(of: "life") == "running")
        try daemon.output("pause", "life")
        #expect(try state(of: "life") == "paused")
        try daemon.output("unpause", "life")
        try daemon.output("rename", "life", "lives")
        try daemon.output("stop", "-t", "1", "lives")
        #expect(try state(of: "lives") == "exited")
        #expect(try daemon.output("wait", "lives") == "137")
        try daemon.output("rm", "lives")
        #expect(try daemon.viv("inspect", "lives").code != 0)
    }

    @Test func aCommandRunsInARunningContainer() throws {
        try daemon.output("run", "-d", "--name", "host", Busybox.name, "sleep", "1000")
        try daemon.output("exec", "host", "sh", "-c", "echo kept >/tmp/note")
        #expect(try daemon.output("exec", "host", "cat", "/tmp/note") == "kept")
        #expect(
            try daemon.output("exec", "-u", "user", "-w", "/tmp", "host", "sh", "-c", "id -un; pwd")
                == "user\n/tmp")
        #expect(try daemon.viv("exec", "host", "sh", "-c", "exit 5").code == 5)
        #expect(try daemon.viv(["exec", "-i", "host", "cat"], input: Data("typed".utf8)).output == "typed")
        let processes = try daemon.output("top", "host")
        #expect(processes.contains("sleep 1000"))
    }

    @Test func logsAreKeptAndFollowed() throws {
        let script = "for i in 1 2 3 4 5; do echo line $i; done; echo error >&2; sleep 1; echo last"
        try daemon.output("run", "-d", "--name", "talker", Busybox.name, "sh", "-c", script)
        let followed = try daemon.viv("logs", "-f", "talker")
        #expect(followed.output == "line 1\nline 2\nline 3\nline 4\nline 5\nlast\n")
        #expect(followed.errors == "error\n")
        #expect(try daemon.viv("logs", "--tail", "2", "talker").output == "last\n")
        #expect(try daemon.viv("logs", "--tail", "1", "-t", "talker").output.contains("T"))
    }

    @Test func filesGoInAndOut() throws {
        try daemon.output("create", "--name", "box", Busybox.name, "sleep", "1000")
        let note = Programs.scratch.appending(path: "note")
        try "from outside\n".write(to: note, atomically: true, encoding: .utf8)
        try daemon.output("cp", note.path(), "box:/tmp/note")
        try daemon.output("start", "box")
        #expect(try daemon.output("exec", "box", "cat", "/tmp/note") == "from outside")
        let copy = Programs.scratch.appending(path: "copy")
        try daemon.output("cp", "box:/tmp/note", copy.path())
        #expect(try String(contentsOf: copy, encoding: .utf8) == "from outside\n")
        #expect(try daemon.output("diff", "box").contains("A /tmp/note"))
    }

    @Test func whatAContainerChangedBecomesAnImage() throws {
        try daemon.output("run", "--name", "maker", Busybox.name, "sh", "-c", "echo made >/made; rm /www -r")
        try daemon.output("commit", "maker", "test/made:1")
        #expect(
            try daemon.output("run", "--rm", "test/made:1", "sh", "-c", "cat /made; ls -d /www || true")
                .hasPrefix("made"))
        let saved = Programs.scratch.appending(path: "made.tar")
        try daemon.output("save", "-o", saved.path(), "test/made:1")
        try daemon.output("rm", "maker")
        try daemon.output("rmi", "test/made:1")
        #expect(try daemon.viv("run", "--rm", "--pull", "never", "test/made:1", "true").code == 125)
        try daemon.output("load", "-i", saved.path())
        #expect(try daemon.output("run", "--rm", "test/made:1", "cat", "/made") == "made")
    }

    @Test func aContainerThatFailsIsStartedAgain() throws {
        try daemon.output(
            "run", "-d", "--name", "phoenix", "--restart", "on-failure:3", Busybox.name, "sh", "-c",
            "echo turn; exit 3")
        try daemon.eventually("three restarts") {
            try state(of: "phoenix") == "exited"
                && daemon.output("inspect", "--format", "{{.RestartCount}}", "phoenix") == "3"
        }
        #expect(try daemon.viv("logs", "phoenix").output == "turn\nturn\nturn\nturn\n")
    }

    @Test func healthIsWatched() throws {
        try daemon.output(
            "run", "-d", "--name", "patient", "--health-cmd", "test -e /tmp/well", "--health-interval",
            "200ms",
            "--health-retries", "2", Busybox.name, "sleep", "1000")
        func health() throws -> String {
            try daemon.output("inspect", "--format", "{{.State.Health.Status}}", "patient")
        }
        try daemon.eventually("unhealthy") { try health() == "unhealthy" }
        try daemon.output("exec", "patient", "touch", "/tmp/well")
        try daemon.eventually("healthy") { try health() == "healthy" }
    }

    @Test func limitsChangeWhileItRuns() throws {
        try daemon.output("run", "-d", "--name", "tight", "-m", "64M", Busybox.name, "sleep", "1000")
        try daemon.output("update", "-m", "128M", "tight")
        #expect(try daemon.viv("stats", "--no-stream", "tight").output.contains("128"))
    }

    @Test func eventsTellTheStory() throws {
        let since = "\(Int(Date.now.timeIntervalSince1970))"
        try daemon.output("run", "--name", "story", Busybox.name, "true")
        try daemon.output("rm", "story")
        let until = "\(Int(Date.now.timeIntervalSince1970) + 1)"
        let told = try daemon.output("events", "--since", since, "--until", until, "--format", "{{.Action}}")
        let actions = told.split(separator: "\n").map(String.init)
        for action in ["create", "start", "die", "destroy"] { #expect(actions.contains(action), "\(told)") }
    }
}
