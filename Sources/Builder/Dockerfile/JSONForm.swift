/// `["word", …]`, the JSON form of an instruction's arguments.
enum JSONForm {
    enum Outcome: Equatable {
        case words([String])
        /// An array, but of other things than strings.
        case otherValues
        /// No JSON array: the words go to a shell.
        case none
    }

    static func parse(_ bytes: [UInt8]) -> Outcome {
        var reader = Reader(bytes: bytes)
        guard reader.skipTo(UInt8(ascii: "[")) else { return .none }
        var words: [String] = []
        if reader.skipTo(UInt8(ascii: "]")) { return reader.isAtEnd ? .words([]) : .none }
        while true {
            reader.skipBlanks()
            guard reader.current == UInt8(ascii: "\"") else {
                return reader.valueIsOther ? .otherValues : .none
            }
            guard let word = reader.readString() else { return .none }
            words.append(word)
            if reader.skipTo(UInt8(ascii: "]")) { return reader.isAtEnd ? .words(words) : .none }
            guard reader.skipTo(UInt8(ascii: ",")) else { return .none }
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var current: UInt8? { index < bytes.count ? bytes[index] : nil }

        var isAtEnd: Bool { bytes[index...].allSatisfy(\.isBlank) }

        /// Whether a number, a word of JSON's, an object or an array stands here.
        var valueIsOther: Bool {
            guard let byte = current, bytes.last(where: { !$0.isBlank }) == UInt8(ascii: "]") else {
                return false
            }
            return byte.isDigit || byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
                || ["true", "false", "null"].contains { bytes[index...].starts(with: Array($0.utf8)) }
        }

        mutating func skipBlanks() {
            while let byte = current, byte.isBlank { index += 1 }
        }

        mutating func skipTo(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard current == byte else { return false }
            index += 1
            return true
        }

        mutating func readString() -> String? {
            index += 1
            var result: [UInt8] = []
            while let byte = current {
                index += 1
                if byte == UInt8(ascii: "\"") { return String(decoding: result, as: UTF8.self) }
                if byte != UInt8(ascii: "\\") {
                    guard byte >= 0x20 else { return nil }
                    result.append(byte)
                    continue
                }
                guard let escaped = readEscape() else { return nil }
                result += escaped
            }
            return nil
        }

        private mutating func readEscape() -> [UInt8]? {
            guard let byte = current else { return nil }
            index += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
            case UInt8(ascii: "b"): return [8]
            case UInt8(ascii: "f"): return [12]
            case UInt8(ascii: "n"): return [10]
            case UInt8(ascii: "r"): return [13]
            case UInt8(ascii: "t"): return [9]
            case UInt8(ascii: "u"): return readUnicode()
            default: return nil
            }
        }

        private mutating func readUnicode() -> [UInt8]? {
            guard let first = readHex() else { return nil }
            var units = [first]
            if UTF16.isLeadSurrogate(first), bytes[index...].starts(with: Array("\\u".utf8)) {
                index += 2
                guard let second = readHex() else { return nil }
                units.append(second)
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        }

        private mutating func readHex() -> UInt16? {
            guard index + 4 <= bytes.count else { return nil }
            let digits = bytes[index..<(index + 4)]
            guard digits.allSatisfy({ $0.isDigit || $0.isLetter }) else { return nil }
            index += 4
            return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        }
    }
}
