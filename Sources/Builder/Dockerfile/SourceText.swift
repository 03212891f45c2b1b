/// A place in a Dockerfile, both counted from 1; columns count bytes.
package struct SourcePosition: Equatable, Sendable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int = 1) {
        self.line = line
        self.column = column
    }
}

/// Text joined from the lines of one instruction, which remembers where each byte stood.
struct SourceText: Sendable {
    /// Where a run of bytes came from.
    private struct Segment {
        let offset: Int
        let position: SourcePosition
    }

    private(set) var bytes: [UInt8] = []
    private var segments: [Segment] = []

    /// Text that stands at one place as a whole.
    init(_ bytes: [UInt8] = [], at position: SourcePosition) {
        append(bytes[...], at: position)
    }

    private init(bytes: [UInt8], segments: [Segment]) {
        self.bytes = bytes
        self.segments = segments
    }

    var count: Int { bytes.count }
    var isEmpty: Bool { bytes.isEmpty }
    var string: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ more: ArraySlice<UInt8>, at position: SourcePosition) {
        segments.append(Segment(offset: bytes.count, position: position))
        bytes += more
    }

    func position(at offset: Int) -> SourcePosition {
        let segment = segments.last { $0.offset <= offset } ?? segments.first
        guard let segment else { return SourcePosition(line: 1) }
        let column = segment.position.column + max(offset - segment.offset, 0)
        return SourcePosition(line: segment.position.line, column: column)
    }

    /// The text from `offset` on, without white space at its ends.
    func trimmed(from offset: Int) -> SourceText {
        var start = min(offset, bytes.count)
        var end = bytes.count
        while start < end, bytes[start].isBlank { start += 1 }
        while end > start, bytes[end - 1].isBlank { end -= 1 }
        return slice(start..<end)
    }

    func slice(_ range: Range<Int>) -> SourceText {
        var kept = [Segment(offset: 0, position: position(at: range.lowerBound))]
        kept += segments.filter { $0.offset > range.lowerBound && $0.offset < range.upperBound }
            .map { Segment(offset: $0.offset - range.lowerBound, position: $0.position) }
        return SourceText(bytes: Array(bytes[range]), segments: kept)
    }
}

extension UInt8 {
    /// White space as Go's `unicode.IsSpace` sees it among ASCII.
    var isBlank: Bool { self == 32 || (9...13).contains(self) }
    var isDigit: Bool { (48...57).contains(self) }
    var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) }
    var isNameByte: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }
}
