import Foundation

/// `unicorn-oracle` as a child: programs in, what they leave out.
final class UnicornOracle {
    /// What a program leaves.
    struct Answer: Decodable {
        var error: String?
        var x: [UInt64] = []
        var f: [UInt64] = []
        var fflags: UInt64 = 0
        var memory: [UInt8] = []

        private enum CodingKeys: String, CodingKey { case error, x, f, fflags, bytes }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            error = try values.decodeIfPresent(String.self, forKey: .error)
            guard error == nil else { return }
            x = try values.decode([UInt64].self, forKey: .x)
            f = try values.decode([UInt64].self, forKey: .f)
            fflags = try values.decode(UInt64.self, forKey: .fflags)
            let digits = Array(try values.decode(String.self, forKey: .bytes).utf8)
            memory = stride(from: 0, to: digits.count - 1, by: 2).compactMap { index in
                UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
            }
        }
    }

    private struct Job: Encodable {
        let base = Bench.base
        let size = 1 << 20
        let code = Bench.code
        let data = Bench.data
        let words: [UInt32]
        let bytes: String
        let x: [UInt64]
        let f: [UInt64]
        let rounding: UInt32
    }

    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "unicorn-oracle").path()

    private static let python = "/usr/bin/python3"
    /// What `make test` has fetched from PyPI lies in the build folder.
    private static let environment = ProcessInfo.processInfo.environment.merging([
        "PYTHONPATH": URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: ".build/python").path()
    ]) { _, ours in ours }

    static let isInstalled: Bool = {
        let probe = Process()
        probe.executableURL = URL(filePath: python)
        probe.environment = environment
        probe.arguments = ["-c", "import unicorn"]
        probe.standardError = FileHandle.nullDevice
        do { try probe.run() } catch { return false }
        probe.waitUntilExit()
        return probe.terminationStatus == 0
    }()

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread = Data()

    init() throws {
        process.executableURL = URL(filePath: Self.python)
        process.environment = Self.environment
        process.arguments = [Self.script]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Runs `program` from the registers and data that `before` shows.
    func run(_ program: RandomProgram, from before: Outcome, rounding: UInt32) throws -> Answer {
        let bytes = before.memory.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let job = Job(
            words: program.words, bytes: bytes, x: before.registers, f: before.floats, rounding: rounding)
        try input.fileHandleForWriting.write(contentsOf: try JSONEncoder().encode(job) + Data([0x0a]))
        return try JSONDecoder().decode(Answer.self, from: try line())
    }

    private func line() throws -> Data {
        while true {
            if let end = unread.firstIndex(of: 0x0a) {
                defer { unread = Data(unread[(end + 1)...]) }
                return Data(unread[..<end])
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw CocoaError(.fileReadUnknown) }
            unread += more
        }
    }
}
