import Foundation
import ProgramDriver
import Testing

/// Containers come and go by the thousand, and the host is as it was.
@Suite(.serialized, .enabled(if: Requirement.containers, Requirement.why))
struct LeakTests {
    let daemon: DaemonUnderTest

    init() throws { daemon = try DaemonUnderTest() }

    /// 1000 of them in `make test-long`.
    private static let runs = ProcessInfo.processInfo.environment["VIV_LONG"] == nil ? 100 : 1000

    @Test func manyRunsLeaveNothing() throws {
        defer { daemon.end() }
        let publish = ["-p", "127.0.0.1:0:80", "-v", "/scratch", "--tmpfs", "/t"]
        func run(_ script: String) throws -> Int32 {
            try daemon.viv(["run", "--rm"] + publish + [Busybox.name, "sh", "-c", script]).code
        }
        // What stays once for all: the bridge, its table, the daemon's threads and connections.
        try daemon.output("run", "-d", "--name", "stayer", Busybox.name, "sleep", "100000")
        for _ in 0..<10 { #expect(try run("exit 0") == 0) }
        let before = try Census.take()
        let files = try Self.paths(below: daemon.folder)
        let open = try settled()
        for index in 0..<Self.runs { #expect(try run("exit \(index % 7)") == Int32(index % 7)) }

        try before.expectNothingMore(daemon)
        var more: Set<String> = []
        try? daemon.eventually("no file is left") {
            more = try Self.paths(below: daemon.folder).subtracting(files)
            return more.isEmpty
        }
        #expect(more.isEmpty, "\(more.sorted().prefix(20))")
        #expect(try settled() <= open + 8, "descriptors of the daemon, \(open) before")
        #expect(try daemon.output("ps", "-aq").split(separator: "\n").count == 1)
        #expect(try daemon.output("volume", "ls", "-q").isEmpty)
    }

    /// How many descriptors the daemon has open, when connections have ended.
    private func settled() throws -> Int {
        let folder = "/proc/\(try #require(daemon.pid))/fd"
        var least = Int.max
        for _ in 0..<20 {
            least = min(least, try FileManager.default.contentsOfDirectory(atPath: folder).count)
            usleep(100_000)
        }
        return least
    }

    /// Everything in a folder but the database's own files.
    private static func paths(below folder: URL) throws -> Set<String> {
        let found = try Command.run(
            URL(filePath: "/usr/bin/env"), ["find", folder.path(), "-xdev", "-not", "-name", "*.sqlite*"])
        return Set(found.output.split(separator: "\n").map(String.init))
    }
}
