import Glibc
import Model
import Testing

@testable import Store

/// The writer is another process of this test program, killed at any moment.
struct CrashTests {
    private static let variable = "VIVARIUM_STORE_WRITER"

    /// Not a test of its own: what the child does. Each number is written down only once it was acknowledged.
    @Test(.enabled(if: getenv(CrashTests.variable) != nil, "runs only as the child of the crash test"))
    func writeUntilKilled() async throws {
        let path = String(cString: try #require(getenv(Self.variable)))
        let store = try Store(path: "\(path)/db")
        let last = try store.records().lastEvent
        let log = open("\(path)/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        for number in (last + 1)... {
            try await store.commit([
                .event(Event(number: number, .container, "start", actor: "a", time: number)),
                .putVolume(VolumeRecord(name: "v\(number)", created: Double(number), mountPoint: "/")),
            ])
            let line = Array("\(number)\n".utf8)
            write(log, line, line.count)
        }
    }

    @Test(.enabled(if: getenv(CrashTests.variable) == nil, "this is the child"))
    func whatWasAcknowledgedSurvivesAKill() throws {
        let folder = try TemporaryFolder()
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var generator = Seeded(state: seed)
        for _ in 0..<6 {
            let child = try Self.spawn(folder.path)
            let before = folder.read("acknowledged").count
            for _ in 0..<3000 where folder.read("acknowledged").count == before { usleep(10_000) }
            usleep(useconds_t.random(in: 0..<250_000, using: &generator))
            kill(child, SIGKILL)
            var status: Int32 = 0
            waitpid(child, &status, 0)
            let acknowledged =
                String(decoding: folder.read("acknowledged"), as: UTF8.self)
                .split(separator: "\n").compactMap { Int64($0) }.last ?? 0
            let store = try Store(path: folder.file("db"))
            let records = try store.records()
            store.close()
            #expect(records.lastEvent >= acknowledged)
            // Both changes of a commit, or none.
            #expect(records.volumes.count == Int(records.lastEvent))
        }
        #expect(!folder.read("acknowledged").isEmpty)
    }

    private static func spawn(_ path: String) throws -> pid_t {
        let arguments = CommandLine.arguments.filter { !$0.hasPrefix("--filter") }
        let words = arguments + ["--filter", "CrashTests.writeUntilKilled"]
        let argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = [strdup("\(variable)=\(path)")]
        var inherited: [UnsafeMutablePointer<CChar>?] = []
        var next = environ
        while let item = next.pointee {
            inherited.append(item)
            next += 1
        }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/proc/self/exe", nil, nil, argv, inherited + variables + [nil])
        guard code == 0 else { throw TemporaryFolder.Failure() }
        return pid
    }
}

struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
