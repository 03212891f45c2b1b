import Foundation
import ProgramDriver
import Testing

/// What containers and builds have of networks, and what they leave of them.
@Suite(.serialized, .enabled(if: Requirement.containers, Requirement.why))
struct NetworkTests {
    let daemon: DaemonUnderTest

    init() throws { daemon = try DaemonUnderTest() }

    @Test func theFirstFreePortOfARangeIsPublished() throws {
        let range = "47831-47832:80"
        for (name, port) in [("one", "47831"), ("two", "47832")] {
            _ = try daemon.output("run", "-d", "--name", name, "-p", range, Busybox.name, "sleep", "1000")
            #expect(try daemon.output("port", name).hasSuffix(":\(port)"))
        }
        let third = try daemon.viv("run", "-d", "--name", "three", "-p", range, Busybox.name, "true")
        #expect(third.code != 0 && third.errors.contains("already in use"), "\(third.errors)")
    }

    /// Steps are in the default network unless they say otherwise; two that change nothing make the same layer.
    @Test func stepsOfABuildHaveANetworkOfTheirOwn() throws {
        let context = daemon.folder.appending(path: "context")
        try FileManager.default.createDirectory(at: context, withIntermediateDirectories: true)
        let own = try daemon.output("run", "--rm", Busybox.name, "ip", "route")
        let gateway = try #require(own.split(separator: " ").dropFirst(2).first.map(String.init))
        try """
        FROM \(Busybox.name)
        RUN ip route | grep -q "default via \(gateway) dev eth0" && grep -q "nameserver \(gateway)" /etc/resolv.conf
        RUN --network=none test $(ls /sys/class/net | wc -l) -eq 1
        RUN --network=host ls /sys/class/net | grep -q .
        RUN echo made >/made
        """.write(to: context.appending(path: "Dockerfile"), atomically: true, encoding: .utf8)
        let built = try daemon.viv("build", "--no-cache", "-t", "test/built:1", context.path())
        #expect(built.code == 0, "\(built.errors)\(built.output)")
        #expect(try daemon.output("run", "--rm", "test/built:1", "cat", "/made") == "made")
        try "FROM \(Busybox.name)\nRUN --network=default test $(ls /sys/class/net | wc -l) -eq 1\n".write(
            to: context.appending(path: "Dockerfile"), atomically: true, encoding: .utf8)
        let alone = try daemon.viv("build", "--no-cache", "--network", "none", context.path())
        #expect(alone.code == 0, "`default` is what the build was told: \(alone.errors)\(alone.output)")
        #expect(try daemon.viv("build", "--no-cache", context.path()).code != 0)
    }

    /// TCP and UDP, at the gateway's address and at that of the host's own interface.
    @Test func aContainerReachesItselfThroughThePortsItPublishes() throws {
        let name = try daemon.output(
            "run", "-d", "-p", "0.0.0.0:0:80", "-p", "0.0.0.0:0:53/udp", Busybox.name, "sh", "-c",
            Hairpin.server)
        let gateway = try daemon.output("exec", name, "sh", "-c", Hairpin.gateway)
        try Hairpin.expectEchoes(of: name, at: [gateway] + Hairpin.hostAddress()) { try daemon.viv($0) }
    }

    @Test func whoeverRunsOutOfMemoryIsToldSo() throws {
        let script = "dd if=/dev/zero bs=1M count=200 | tail; exit $?"
        let run = try daemon.viv(
            "run", "--name", "hungry", "-m", "32M", Busybox.name, "sh", "-c", script)
        #expect(run.code == 137)
        let state = try daemon.output(
            "inspect", "--format", "{{.State.OOMKilled}} {{.State.ExitCode}}", "hungry")
        #expect(state == "true 137")
    }

    /// What the host withholds is said to the daemon's log, never to the container's.
    @Test func theContainersLogHoldsItsOutputOnly() throws {
        _ = try daemon.output("run", "--name", "quiet", Busybox.name, "echo", "said")
        let logs = try daemon.viv("logs", "quiet")
        #expect(logs.output == "said\n" && logs.errors.isEmpty, "\(logs.errors)")
    }
}
