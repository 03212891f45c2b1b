import Foundation
import RISCV

/// What a vector exercises; raw values are the names in the fixture. Conversions name the other side.
enum FloatOperation: String, Sendable {
    case add, sub, mul, div, sqrt, mulAdd, eq, lt, le
    case toF32 = "to_f32"
    case toF64 = "to_f64"
    case toI32 = "to_i32"
    case toU32 = "to_u32"
    case toI64 = "to_i64"
    case toU64 = "to_u64"
    case fromI32 = "from_i32"
    case fromU32 = "from_u32"
    case fromI64 = "from_i64"
    case fromU64 = "from_u64"

    var operandCount: Int {
        switch self {
        case .mulAdd: 3
        case .add, .sub, .mul, .div, .eq, .lt, .le: 2
        default: 1
        }
    }
}

/// One case; 32-bit operands and results (integers included) are zero-extended, operands not used are zero.
struct FloatVector: Sendable {
    var a: UInt64 = 0
    var b: UInt64 = 0
    var c: UInt64 = 0
    var expected: UInt64
    var flags: FloatFlags
}

/// All cases of one operation on one format in one rounding mode.
///
/// Operations that do not depend on the mode (comparisons, exact conversions) come with `.nearestEven` alone.
struct FloatVectorGroup: Sendable, CustomStringConvertible {
    let isDouble: Bool
    let operation: FloatOperation
    let rounding: FloatRounding
    var vectors: [FloatVector] = []

    var description: String { "\(isDouble ? "double" : "single") \(operation) \(rounding)" }
}

/// The IEEE 754 cases of `Fixtures/float-vectors.txt.xz` (its format: `Fixtures/README.md`).
enum FloatVectors {
    /// All groups, parsed once in a process.
    static var groups: [FloatVectorGroup] {
        get throws { try loaded.get() }
    }

    enum FixtureError: Error {
        case notUnpacked(status: Int32)
        case malformed(line: String)
    }

    private static let loaded = Result { try parse(unpackedFixture()) }

    private static func parse(_ text: [UInt8]) throws -> [FloatVectorGroup] {
        var groups: [FloatVectorGroup] = []
        var section = 0..<0
        for line in text.split(separator: UInt8(ascii: "\n")) {
            if line.first == UInt8(ascii: "#") {
                let header = try parseHeader(String(decoding: line, as: UTF8.self))
                section = groups.count..<(groups.count + header.count)
                groups += header
            } else {
                try append(line, to: &groups[section])
            }
        }
        return groups
    }

    /// `# single add RNE RTZ`: an empty group for each rounding mode.
    private static func parseHeader(_ line: String) throws -> [FloatVectorGroup] {
        let words = line.split(separator: " ").map(String.init)
        guard words.count > 3, let operation = FloatOperation(rawValue: words[2]) else {
            throw FixtureError.malformed(line: line)
        }
        return try words.dropFirst(3).map { name in
            guard let code = ["RNE", "RTZ", "RDN", "RUP", "RMM"].firstIndex(of: name),
                let rounding = FloatRounding(rawValue: UInt8(code))
            else { throw FixtureError.malformed(line: line) }
            return FloatVectorGroup(isDouble: words[1] == "double", operation: operation, rounding: rounding)
        }
    }

    /// `operand… result flags result flags…`: one vector for each group of the section.
    private static func append(
        _ line: ArraySlice<UInt8>, to section: inout ArraySlice<FloatVectorGroup>
    ) throws {
        let words = parseWords(line)
        let count = section.first?.operation.operandCount ?? 0
        guard count > 0, words.count == count + 2 * section.count else {
            throw FixtureError.malformed(line: String(decoding: line, as: UTF8.self))
        }
        for (position, index) in section.indices.enumerated() {
            section[index].vectors.append(
                FloatVector(
                    a: words[0], b: count > 1 ? words[1] : 0, c: count > 2 ? words[2] : 0,
                    expected: words[count + 2 * position],
                    flags: FloatFlags(rawValue: UInt8(truncatingIfNeeded: words[count + 2 * position + 1]))))
        }
    }

    /// Hexadecimal words between single spaces.
    private static func parseWords(_ line: ArraySlice<UInt8>) -> [UInt64] {
        var words: [UInt64] = [0]
        for byte in line {
            if byte == UInt8(ascii: " ") {
                words.append(0)
            } else {
                // Bit 6 tells letters from digits.
                let digit = (byte & 0xF) + (byte >> 6) * 9
                words[words.count - 1] = words[words.count - 1] << 4 | UInt64(digit)
            }
        }
        return words
    }

    private static func unpackedFixture() throws -> [UInt8] {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/float-vectors.txt.xz")
        let xz = Process()
        xz.executableURL = URL(filePath: "/usr/bin/env")
        xz.arguments = ["xz", "-dc", fixture.path]
        let output = Pipe()
        xz.standardOutput = output
        try xz.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        xz.waitUntilExit()
        guard xz.terminationStatus == 0 else { throw FixtureError.notUnpacked(status: xz.terminationStatus) }
        return [UInt8](text)
    }
}
