import Foundation
import ProgramDriver

/// `unicorn-oracle`, run once for many programs: what they leave under an engine of others.
enum UnicornOracle {
    /// A program, and what it starts from.
    struct Job {
        let program: RandomProgram
        let before: Outcome
        let rounding: UInt32
    }

    /// What a program leaves, or why it could not be run.
    struct Answer: Decodable {
        var error: String?
        var x: [UInt64]?
        var f: [UInt64]?
        var fflags: UInt64?
        /// Offset in the data and new value of each byte that has changed.
        var changes: [[Int]]?
    }

    private struct Common: Encodable {
        let base = Bench.base
        let size = 1 << 20
        let code = Bench.code
        let data = Bench.data
        let bytes: String
    }

    private struct Line: Encodable {
        let words: [UInt32]
        let x: [UInt64]
        let f: [UInt64]
        let rounding: UInt32
    }

    private static let python = URL(filePath: "/usr/bin/python3")
    private static let here = URL(filePath: #filePath).deletingLastPathComponent()
    /// What `make test` has fetched from PyPI lies in the build folder.
    private static let environment = [
        "PYTHONPATH": here.appending(path: "../../.build/python").standardized.path()
    ]

    static let isInstalled: Bool =
        (try? Command.run(python, ["-c", "import unicorn"], environment: environment))?.code == 0

    /// Runs all of `jobs` in one go of the script; the answers come in the order of the jobs.
    static func run(_ jobs: [Job]) throws -> [Answer] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unicorn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (questions, answers) = (folder.appending(path: "jobs"), folder.appending(path: "answers"))
        try write(jobs, to: questions)
        let script = here.appending(path: "unicorn-oracle")
        let command = try Command.run(
            python, [script.path(), questions.path(), answers.path()], patience: 300, environment: environment
        )
        guard command.code == 0, !command.wasKilled else { throw Failure(errors: command.errors) }
        return try Data(contentsOf: answers).split(separator: 0x0a).map {
            try JSONDecoder().decode(Answer.self, from: $0)
        }
    }

    /// The script failed, and said why.
    struct Failure: Error { let errors: String }

    /// Memory is the same for all programs before they run.
    private static func write(_ jobs: [Job], to file: URL) throws {
        let data = jobs.first?.before.memory.prefix(Int(Bench.dataSize)) ?? []
        let bytes = data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let encoder = JSONEncoder()
        var lines = [try encoder.encode(Common(bytes: bytes))]
        for job in jobs {
            lines.append(
                try encoder.encode(
                    Line(
                        words: job.program.words, x: job.before.registers, f: job.before.floats,
                        rounding: job.rounding)))
        }
        try Data(lines.joined(separator: [0x0a])).write(to: file)
    }
}
