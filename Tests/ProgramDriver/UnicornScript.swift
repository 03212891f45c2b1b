import Foundation

/// A script that drives Unicorn, an emulator of others, run once for many jobs: lines of JSON in, lines of JSON out.
package struct UnicornScript {
    /// The script failed, and said why.
    package struct Failure: Error { let errors: String }

    private static let python = URL(filePath: "/usr/bin/python3")
    /// What `make test` has fetched from PyPI lies in the build folder.
    private static let environment = [
        "PYTHONPATH": URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../.build/python").standardized.path()
    ]

    package static let isInstalled: Bool =
        (try? Command.run(python, ["-c", "import unicorn"], environment: environment))?.code == 0

    private let script: URL

    /// - Parameter name: of the script, beside the test's source file.
    package init(_ name: String, beside file: String = #filePath) {
        script = URL(filePath: file).deletingLastPathComponent().appending(path: name)
    }

    /// Gives the script what all jobs have in common, then the jobs; the answers come in the order of the jobs.
    package func run<Answer: Decodable>(_ common: some Encodable, _ jobs: [some Encodable]) throws -> [Answer]
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unicorn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (questions, answers) = (folder.appending(path: "jobs"), folder.appending(path: "answers"))
        let encoder = JSONEncoder()
        let lines = [try encoder.encode(common)] + (try jobs.map { try encoder.encode($0) })
        try Data(lines.joined(separator: [0x0a])).write(to: questions)
        let command = try Command.run(
            Self.python, [script.path(), questions.path(), answers.path()], patience: 300,
            environment: Self.environment)
        guard command.code == 0, !command.wasKilled else { throw Failure(errors: command.errors) }
        return try Data(contentsOf: answers).split(separator: 0x0a).map {
            try JSONDecoder().decode(Answer.self, from: $0)
        }
    }

    /// Two digits a byte.
    package static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
