import Glibc
import Host
import Model
import Testing

@testable import Engine

struct LogTests {
    private func line(_ number: Int, _ stream: String = "stdout") -> String {
        let time = Timestamp.text(nanoseconds: Int64(number) * 1_000_000_000)
        return #"{"log":"line \#(number)\n","stream":"\#(stream)","time":"\#(time)"}"# + "\n"
    }

    private func write(_ path: String, _ lines: ClosedRange<Int>) throws {
        try SmallFile.write(path, lines.map { line($0) }.joined().utf8)
    }

    private func numbers(_ path: String, _ change: (inout LogQuery) -> Void = { _ in }) async -> [Int64] {
        var query = LogQuery()
        change(&query)
        let cursor = LogCursor(path: path, query: query, watch: nil)
        var result: [Int64] = []
        while let entry = await cursor.nextEntry() { result.append(entry.time / 1_000_000_000) }
        return result
    }

    @Test func rotatedFilesAreReadOldestFirst() async throws {
        let folder = try TemporaryFolder()
        try write(folder.file("log.2"), 1...3)
        try write(folder.file("log.1"), 4...6)
        try write(folder.file("log"), 7...8)
        #expect(await numbers(folder.file("log")) == Array(1...8))
        #expect(await numbers(folder.file("log")) { $0.tail = 0 } == [])
        #expect(await numbers(folder.file("log")) { $0.tail = 1 } == [8])
        #expect(await numbers(folder.file("log")) { $0.tail = 4 } == [5, 6, 7, 8])
        #expect(await numbers(folder.file("log")) { $0.tail = 99 } == Array(1...8))
    }

    @Test func timesAndStreamsAreSelected() async throws {
        let folder = try TemporaryFolder()
        let text = line(1) + line(2, "stderr") + line(3) + "{\"log\":\"half" + "\n" + line(4, "stderr")
        try SmallFile.write(folder.file("log"), text.utf8)
        #expect(await numbers(folder.file("log")) { $0.since = 2_000_000_000 } == [2, 3, 4])
        #expect(await numbers(folder.file("log")) { $0.until = 2_000_000_000 } == [1, 2])
        #expect(await numbers(folder.file("log")) { $0.includesStderr = false } == [1, 3])
        #expect(await numbers(folder.file("log")) { $0.includesStdout = false } == [2, 4])
    }

    @Test func aMissingLogIsEmpty() async throws {
        let folder = try TemporaryFolder()
        #expect(await numbers(folder.file("log")).isEmpty)
    }

    @Test func aFollowerSeesEveryLineAcrossRotations() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        let watcher = try LoopThread()
        defer { watcher.stop() }
        var query = LogQuery()
        query.follows = true
        let cursor = LogCursor(
            path: path, query: query, watch: try FileWatch(folder: folder.path, loop: watcher.loop))
        let reading = Task {
            var seen: [Int64] = []
            while let entry = await cursor.nextEntry() { seen.append(entry.time / 1_000_000_000) }
            return seen
        }
        for number in 1...300 {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
            try Descriptors.writeAll(file.raw, Array(line(number).utf8))
            if number % 50 == 0 {
                for older in (1..<8).reversed() { rename("\(path).\(older)", "\(path).\(older + 1)") }
                rename(path, "\(path).1")
            }
            if number % 20 == 0 { try await Task.sleep(for: .milliseconds(2)) }
        }
        cursor.close()
        #expect(await reading.value == Array(1...300))
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00.5Z", 951_825_600_500_000_000),
        ("2026-11-25T15:00:00.123456789+02:00", 1_795_611_600_123_456_789),
        ("1969-12-31T23:59:59Z", -1_000_000_000),
    ]) func timesAreParsed(text: String, expected: Int64) {
        #expect(Timestamp.nanoseconds(text) == expected)
        #expect(Timestamp.nanoseconds(Timestamp.text(nanoseconds: expected)) == expected)
    }

    @Test(arguments: ["", "2026", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "9999999-01-01T00:00:00Z"])
    func strangeTimesAreRefused(text: String) {
        #expect(Timestamp.nanoseconds(text) == nil)
    }
}
