/// The parsed table: every encoding, and for each opcode of each map the encodings that may match, the more
/// specific ones first.
///
/// Instructions that only the host could execute, and does not have, are not in it: they decode to nothing.
///
/// The decoder looks instructions up here; generators and listings walk `encodings`.
package struct EncodingTable: @unchecked Sendable {
    // SAFETY: the storage is written in `init` only and never freed.

    /// The one table.
    package static let shared = EncodingTable()

    /// Every encoding, in the order of `Operation`.
    package let encodings: UnsafeBufferPointer<Encoding>
    let candidates: UnsafePointer<Encoding>
    /// Where the candidates of an opcode (map * 256 + opcode) start; one more entry than opcodes.
    let starts: UnsafePointer<UInt16>
    /// Whether a ModRM byte follows that opcode.
    let hasModRM: UnsafePointer<Bool>

    static let opcodes = 4 * 256

    private init() {
        var all: [Encoding] = []
        var number: UInt16 = 0
        for chapter in encodingChapters {
            var parser = EncodingParser(chapter.text)
            while !parser.isAtEnd, let op = Operation(rawValue: number) {
                parser.line(op, chapter.chapter) { encoding in
                    guard HostFeatures.shared.runs(op) else { return }
                    all.append(encoding)
                    all[all.count - 1].row = UInt16(all.count - 1)
                }
                number += 1
            }
        }
        encodings = UnsafeBufferPointer(Self.keep(all))
        var sorted: [Encoding] = []
        var starts: [UInt16] = [0]
        var hasModRM: [Bool] = []
        for key in 0..<Self.opcodes {
            let fitting = Self.encodings(all, of: key)
            sorted += fitting
            starts.append(UInt16(sorted.count))
            hasModRM.append(fitting.contains(where: \.hasModRM))
        }
        candidates = UnsafePointer(Self.keep(sorted).baseAddress.unsafelyUnwrapped)
        self.starts = UnsafePointer(Self.keep(starts).baseAddress.unsafelyUnwrapped)
        self.hasModRM = UnsafePointer(Self.keep(hasModRM).baseAddress.unsafelyUnwrapped)
    }

    private static func encodings(_ all: [Encoding], of key: Int) -> [Encoding] {
        let fitting = all.filter { encoding in
            Int(encoding.map) == key >> 8
                && (key & 0xFF) - Int(encoding.opcode) >= 0
                && (key & 0xFF) - Int(encoding.opcode) < Int(encoding.span)
        }
        return (0...7).reversed().flatMap { specificity in fitting.filter { $0.specificity == specificity } }
    }

    private static func keep<Element>(_ array: [Element]) -> UnsafeMutableBufferPointer<Element> {
        let storage = UnsafeMutableBufferPointer<Element>.allocate(capacity: array.count)
        _ = storage.initialize(from: array)
        return storage
    }
}
