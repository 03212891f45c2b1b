import Foundation
import Testing

/// The rules of the house that a machine can check.
struct StyleTests {
    /// Beyond this a file is too long to be read at a sitting.
    static let longestFile = 600
    static let longestGoodFile = 300
    /// Forty lines are the rule; a switch over many small cases may be longer.
    static let longestFunction = 60

    /// Instruction tables are as long as the manual makes them.
    static let tables = ["Encodings.swift"]

    private static func everyFile() throws -> [House.SourceFile] {
        try House.files(in: "Sources") + House.files(in: "Tests")
    }

    @Test func filesAreShort() throws {
        for file in try Self.everyFile() where !Self.tables.contains(where: file.path.hasSuffix) {
            let count = file.lines.count
            if count > Self.longestGoodFile { print("note: \(file.path) has \(count) lines") }
            #expect(count <= Self.longestFile, "\(file.path) has \(count) lines")
        }
    }

    @Test func functionsAreShort() throws {
        for file in try Self.everyFile() where file.path.hasSuffix(".swift") {
            for (name, length) in Self.functions(of: file) {
                #expect(length <= Self.longestFunction, "\(file.path): \(name) has \(length) lines")
            }
        }
    }

    @Test func nothingIsLeftBehind() throws {
        // Assembled here, so that this file does not trip over itself.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK", "not yet " + "implemented"]
        for file in try Self.everyFile() {
            for (number, line) in file.lines.enumerated() {
                for mark in marks where line.contains(mark) {
                    Issue.record("\(file.path):\(number + 1) holds \(mark)")
                }
            }
        }
    }

    @Test func nothingIsCompiledConditionally() throws {
        for file in try Self.everyFile() where file.path.hasSuffix(".swift") {
            let directive = file.lines.first { $0.drop { $0 == " " }.hasPrefix("#" + "if ") }
            #expect(directive == nil, "\(file.path)")
        }
    }

    @Test func everyUncheckedPromiseSaysWhyItHolds() throws {
        for file in try House.files(in: "Sources") {
            guard file.lines.contains(where: { $0.contains("@unchecked " + "Sendable") }) else { continue }
            #expect(file.lines.contains { $0.contains("SAFETY:") }, "\(file.path) does not say why")
        }
    }

    @Test func theProjectKnowsNoMachineItWasMadeOn() throws {
        // Homes are named where containers are meant, which have some, too.
        let homes = ["/" + "work/"]
        for file in try Self.everyFile() {
            for home in homes {
                #expect(!file.lines.contains { $0.contains(home) }, "\(file.path) names \(home)")
            }
        }
    }

    /// Whether a declaration opens a body at the end of its line, or of the line that closes its parameters.
    private static func hasBody(_ lines: ArraySlice<String>) -> Bool {
        guard let first = lines.first, !first.hasSuffix("{") else { return true }
        let closing = first.prefix { $0 == " " } + ")"
        guard first.hasSuffix("(") else { return false }
        return lines.dropFirst().first { $0.hasPrefix(closing) }?.hasSuffix("{") ?? false
    }

    /// Functions with their lengths in lines: formatted code closes each at its own indentation.
    private static func functions(of file: House.SourceFile) -> [(name: String, length: Int)] {
        var result: [(String, Int)] = []
        for (start, line) in file.lines.enumerated() {
            let text = line.drop { $0 == " " }
            let words = text.prefix { $0 != "(" }.split(separator: " ")
            guard words.contains("func") || words.last == "init", !text.hasPrefix("//") else { continue }
            let closing = String(repeating: " ", count: line.count - text.count) + "}"
            guard hasBody(file.lines[start...]), let end = file.lines[start...].firstIndex(of: closing)
            else { continue }
            result.append((text.split(separator: "{").first.map(String.init) ?? "", end - start + 1))
        }
        return result
    }
}
