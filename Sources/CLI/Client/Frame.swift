import NIOCore

/// A piece of an attached stream: one byte that says what it is, the length in four bytes, high end first,
/// and the bytes themselves.
package struct Frame: Equatable, Sendable {
    package enum Kind: UInt8, Sendable {
        /// Input for the process.
        case input = 0x49  // I
        /// No more input.
        case closeInput = 0x43  // C
        /// Rows and columns, two bytes each, low end first.
        case resize = 0x52  // R
        case output = 0x4f  // O
        case error = 0x45  // E
        /// A JSON exit record; the last frame.
        case exit = 0x58  // X
    }

    /// More in one frame is a fault of the sender.
    package static let longest = 1 << 20

    package let kind: Kind
    package let bytes: [UInt8]

    package init(_ kind: Kind, _ bytes: [UInt8] = []) {
        self.kind = kind
        self.bytes = bytes
    }

    /// A change of the terminal's size.
    package static func resize(rows: UInt16, columns: UInt16) -> Frame {
        Frame(.resize, [rows, columns].flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] })
    }

    /// As it goes over the wire.
    package var encoded: [UInt8] {
        let count = UInt32(bytes.count)
        return [kind.rawValue] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } + bytes
    }
}

/// Cuts a stream of bytes into frames.
package struct FrameSplitter: Sendable {
    private var rest: [UInt8] = []

    package init() {}

    package struct Fault: Error, Equatable {}

    /// Takes the next bytes and returns the frames they complete. Kinds that are not known are dropped.
    package mutating func take(_ bytes: [UInt8]) throws(Fault) -> [Frame] {
        rest += bytes
        var frames: [Frame] = []
        var start = 0
        while rest.count - start >= 5 {
            let length = rest[start + 1..<start + 5].reduce(0) { $0 << 8 | Int($1) }
            guard length <= Frame.longest else { throw Fault() }
            guard rest.count - start - 5 >= length else { break }
            if let kind = Frame.Kind(rawValue: rest[start]) {
                frames.append(Frame(kind, Array(rest[start + 5..<start + 5 + length])))
            }
            start += 5 + length
        }
        rest.removeFirst(start)
        return frames
    }
}
