import Foundation

/// The checkout, as the house tests read it.
enum House {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// One source file, cut into lines.
    struct SourceFile: Sendable {
        /// Relative to the checkout: `Sources/Host/Thread.swift`.
        let path: String
        let lines: [String]

        /// The target that a file of `Sources` belongs to.
        var target: String { String(path.split(separator: "/")[1]) }
    }

    /// Every Swift, C and header file below `folder`, in order of paths.
    static func files(in folder: String) throws -> [SourceFile] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path())
        return try names.sorted().filter { name in
            [".swift", ".c", ".h"].contains { name.hasSuffix($0) }
        }.map { try file("\(folder)/\($0)") }
    }

    static func file(_ path: String) throws -> SourceFile {
        let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        return SourceFile(path: path, lines: text.components(separatedBy: "\n"))
    }

    /// The folders below `Sources`: one a target.
    static func targets() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path()).sorted()
    }
}
