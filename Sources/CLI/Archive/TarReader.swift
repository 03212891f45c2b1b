/// Reads an archive that comes piece by piece. Everything in it is the container's: sizes and names are checked.
package struct TarReader {
    package enum Item: Equatable {
        case entry(TarEntry)
        /// Bytes of the entry before.
        case bytes([UInt8])
    }

    package struct Fault: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Headers that only carry names are small.
    private static let longestRecord = 1 << 20

    private var buffer: [UInt8] = []
    private var rest: UInt64 = 0
    private var padding = 0
    private var records: [String: String] = [:]
    private var hasEnded = false

    package init() {}

    /// Takes the next bytes and returns what they complete.
    package mutating func take(_ bytes: [UInt8]) throws(Fault) -> [Item] {
        buffer += bytes
        var items: [Item] = []
        var start = 0
        defer { buffer.removeFirst(start) }
        while start < buffer.count, !hasEnded {
            if rest > 0 {
                let count = Int(min(rest, UInt64(buffer.count - start)))
                items.append(.bytes(Array(buffer[start..<start + count])))
                rest -= UInt64(count)
                start += count
            } else if padding > 0 {
                let count = min(padding, buffer.count - start)
                padding -= count
                start += count
            } else {
                guard let (item, length) = try header(at: start) else { break }
                start += length
                if let item { items.append(.entry(item)) }
            }
        }
        if hasEnded { start = buffer.count }
        return items
    }

    /// The entry whose header starts here and how many bytes it takes; `nil` while some are missing.
    private mutating func header(at start: Int) throws(Fault) -> (TarEntry?, Int)? {
        guard buffer.count - start >= 512 else { return nil }
        let block = Array(buffer[start..<start + 512])
        if block.allSatisfy({ $0 == 0 }) {
            hasEnded = true
            return (nil, 512)
        }
        try Self.checkSum(block)
        let size = try Self.number(block[124..<136])
        let type = block[156]
        if "xgLK".utf8.contains(type) {
            guard size <= UInt64(Self.longestRecord) else {
                throw Fault(description: "a header of the archive is too long")
            }
            let length = 512 + (Int(size) + 511) / 512 * 512
            guard buffer.count - start >= length else { return nil }
            note(type, Array(buffer[start + 512..<start + 512 + Int(size)]))
            return (nil, length)
        }
        return (try entry(block, type, size), 512)
    }

    private mutating func entry(_ block: [UInt8], _ type: UInt8, _ size: UInt64) throws(Fault) -> TarEntry? {
        defer { records = [:] }
        let prefix = Self.text(block[345..<500])
        let isPOSIX = block[257..<262].elementsEqual("ustar".utf8) && block[262] == 0
        let short = Self.text(block[0..<100])
        let name = records["path"] ?? (isPOSIX && !prefix.isEmpty ? "\(prefix)/\(short)" : short)
        let size = records["size"].flatMap { UInt64($0) } ?? size
        let kind = TarEntry.Kind(rawValue: type == 0 || type == 0x37 ? 0x30 : type)
        let hasBody = kind == .file || kind == nil
        rest = hasBody ? size : 0
        padding = hasBody ? TarEntry.padding(after: size).count : 0
        guard let kind else { return nil }
        var entry = TarEntry(name, kind)
        entry.mode = UInt32(truncatingIfNeeded: try Self.number(block[100..<108])) & 0o7777
        let user = try Self.number(block[108..<116])
        let group = try Self.number(block[116..<124])
        entry.user = records["uid"].flatMap { UInt32($0) } ?? UInt32(truncatingIfNeeded: user)
        entry.group = records["gid"].flatMap { UInt32($0) } ?? UInt32(truncatingIfNeeded: group)
        entry.modified = Int64(clamping: try Self.number(block[136..<148]))
        entry.size = kind == .file ? size : 0
        entry.link = records["linkpath"] ?? Self.text(block[157..<257])
        return entry
    }

    /// Remembers what the next entry's header has no room for.
    private mutating func note(_ type: UInt8, _ body: [UInt8]) {
        switch type {
        case UInt8(ascii: "L"): records["path"] = Self.text(body[...])
        case UInt8(ascii: "K"): records["linkpath"] = Self.text(body[...])
        case UInt8(ascii: "x"):
            var rest = body[...]
            while let space = rest.firstIndex(of: 0x20),
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 1, length <= rest.count
            {
                let record = String(
                    decoding: rest[(space + 1)..<(rest.startIndex + length - 1)], as: UTF8.self)
                records[CommaList.key(of: record)] = CommaList.value(of: record)
                rest = rest.dropFirst(length)
            }
        default: break
        }
    }

    private static func checkSum(_ block: [UInt8]) throws(Fault) {
        var blank = block
        for index in 148..<156 { blank[index] = 0x20 }
        let sum = blank.reduce(0) { $0 + UInt64($1) }
        guard (try? number(block[148..<156])) == sum else {
            throw Fault(description: "the archive is damaged")
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or the high bit and big-endian bytes.
    private static func number(_ field: ArraySlice<UInt8>) throws(Fault) -> UInt64 {
        if let first = field.first, first & 0x80 != 0 {
            let bytes = field.suffix(8)
            guard field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }),
                bytes.first.map({ $0 < 0x80 }) ?? true
            else {
                throw Fault(description: "a number in the archive is too large")
            }
            return bytes.reduce(0) { $0 << 8 | UInt64($1) }
        }
        let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        guard let value = digits.isEmpty ? 0 : UInt64(String(decoding: digits, as: UTF8.self), radix: 8)
        else {
            throw Fault(description: "a number in the archive is no number")
        }
        return value
    }
}
