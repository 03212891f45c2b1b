/// Names of files as strings, without loss: the kernel takes any bytes but `/` and NUL, strings take UTF-8 alone.
///
/// A byte that belongs to no UTF-8 becomes a code point of the last private plane, U+10FF00 and the byte; a name
/// that holds such a code point itself is stored byte by byte, so that every name comes back as it was.
package enum FileName {
    private static let base: UInt32 = 0x10ff00

    package static func decode(_ bytes: some Collection<UInt8>) -> String {
        if !bytes.contains(0xf4), let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        var rest = Array(bytes)[...]
        while let byte = rest.first {
            let length = sequenceLength(byte)
            if length > 0, length <= rest.count,
                let part = String(validating: rest.prefix(length), as: UTF8.self),
                !isEscape(part)
            {
                text += part
                rest = rest.dropFirst(length)
            } else {
                if let scalar = UnicodeScalar(base + UInt32(byte)) { text.unicodeScalars.append(scalar) }
                rest = rest.dropFirst()
            }
        }
        return text
    }

    package static func encode(_ name: String) -> [UInt8] {
        guard name.utf8.contains(0xf4) else { return Array(name.utf8) }
        return name.unicodeScalars.flatMap { scalar -> [UInt8] in
            scalar.value >= base && scalar.value <= base + 0xff
                ? [UInt8(scalar.value - base)] : Array(String(Character(scalar)).utf8)
        }
    }

    /// Calls `body` with the bytes of a name, NUL at the end.
    package static func with<Result>(_ name: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        guard name.utf8.contains(0xf4) else { return name.withCString(body) }
        return (encode(name).map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { bytes in
            withUnsafePointer(to: CChar(0)) { empty in body(bytes.baseAddress ?? empty) }
        }
    }

    private static func isEscape(_ part: String) -> Bool {
        part.unicodeScalars.contains { $0.value >= base && $0.value <= base + 0xff }
    }

    private static func sequenceLength(_ byte: UInt8) -> Int {
        switch byte {
        case 0..<0x80: 1
        case 0xc2...0xdf: 2
        case 0xe0...0xef: 3
        case 0xf0...0xf4: 4
        default: 0
        }
    }
}
