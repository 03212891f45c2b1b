import FoundationEssentials

/// Values as lines of JSON, the language of the control socket.
package enum JSONLine {
    /// One line, newline included. Keys come in a fixed order.
    package static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Every value of this module consists of strings, numbers and arrays: only a NaN could fail.
        guard let data = try? encoder.encode(value) else { return [] }
        return [UInt8](data) + [0x0a]
    }

    /// The value of one line, or `nil` when the line does not hold one.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from line: some Sequence<UInt8>
    ) -> Value? {
        try? JSONDecoder().decode(type, from: Data(line))
    }
}

/// Cuts a stream of bytes into lines.
package struct LineSplitter: Sendable {
    /// A longer line than this is a fault of the sender: it is dropped whole.
    package static let maximumLength = 1 << 16

    private var rest: [UInt8] = []
    private var isOverlong = false

    package init() {}

    /// Takes the next bytes of the stream; returns the lines they complete, without newlines.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == 0x0a {
                if !isOverlong { lines.append(rest) }
                rest = []
                isOverlong = false
            } else if rest.count < Self.maximumLength {
                rest.append(byte)
            } else {
                isOverlong = true
            }
        }
        return lines
    }
}
