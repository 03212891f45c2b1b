import Foundation
import ProgramDriver

/// `unicorn-x86`, run once for many instructions: what they leave under an emulator of others.
enum UnicornOracle {
    /// One instruction and what it starts from.
    struct Job: Encodable {
        /// 16 or 32.
        let bits: Int
        let code: [UInt8]
        /// EAX to EDI.
        let registers: [UInt32]
        let flags: UInt32
    }

    /// What it leaves, or why it could not be run.
    struct Answer: Decodable {
        var error: String?
        var registers: [UInt32]?
        var flags: UInt32?
        var ip: UInt32?
        /// Offset in the data and new value of each byte that has changed.
        var changes: [[Int]]?
    }

    private struct Common: Encodable {
        let code: UInt64
        let data: UInt64
        let bytes: String
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
    static func run(_ jobs: [Job], code: UInt64, data: UInt64, bytes: [UInt8]) throws -> [Answer] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unicorn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (questions, answers) = (folder.appending(path: "jobs"), folder.appending(path: "answers"))
        let text = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let encoder = JSONEncoder()
        var lines = [try encoder.encode(Common(code: code, data: data, bytes: text))]
        for job in jobs { lines.append(try encoder.encode(job)) }
        try Data(lines.joined(separator: [0x0a])).write(to: questions)
        let script = here.appending(path: "unicorn-x86")
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
}
