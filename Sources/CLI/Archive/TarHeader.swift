/// One file of an archive, in the POSIX format with pax records where a field is too small.
package struct TarEntry: Equatable, Sendable {
    package enum Kind: UInt8, Sendable {
        case file = 0x30
        case hardLink = 0x31
        case symbolicLink = 0x32
        case folder = 0x35
        case fifo = 0x36
    }

    package var name: String
    package var kind: Kind
    package var mode: UInt32 = 0o644
    package var user: UInt32 = 0
    package var group: UInt32 = 0
    package var size: UInt64 = 0
    /// Seconds since 1970.
    package var modified: Int64 = 0
    package var link = ""

    package init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// The blocks before the file's bytes.
    package var header: [UInt8] {
        var records: [(String, String)] = []
        if name.utf8.count > 100 { records.append(("path", name)) }
        if link.utf8.count > 100 { records.append(("linkpath", link)) }
        if size >= 1 << 33 { records.append(("size", "\(size)")) }
        if user >= 1 << 21 { records.append(("uid", "\(user)")) }
        if group >= 1 << 21 { records.append(("gid", "\(group)")) }
        guard !records.isEmpty else { return block(type: kind.rawValue, size: size) }
        let body = records.flatMap { Self.record($0.0, $0.1) }
        var extra = TarEntry("pax", .file)
        extra.size = UInt64(body.count)
        return extra.block(type: UInt8(ascii: "x"), size: extra.size) + body + Self.padding(after: extra.size)
            + block(type: kind.rawValue, size: size)
    }

    /// Zeros up to the next block.
    package static func padding(after size: UInt64) -> [UInt8] {
        [UInt8](repeating: 0, count: Int((512 - size % 512) % 512))
    }

    /// The end of an archive.
    package static let end = [UInt8](repeating: 0, count: 1024)

    /// `LENGTH KEY=VALUE\n`, the length counting itself.
    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count + 1
        while "\(length)\(rest)".utf8.count != length { length = "\(length)\(rest)".utf8.count }
        return Array("\(length)\(rest)".utf8)
    }

    private func block(type: UInt8, size: UInt64) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int, _ length: Int) {
            for (index, byte) in text.utf8.prefix(length).enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: UInt64, _ offset: Int, _ length: Int) {
            let limit = UInt64(1) << UInt64(3 * (length - 1))
            let digits = String(value < limit ? value : 0, radix: 8)
            put(String(repeating: "0", count: length - 1 - digits.count) + digits, offset, length - 1)
        }
        put(name, 0, 100)
        octal(UInt64(mode), 100, 8)
        octal(UInt64(user), 108, 8)
        octal(UInt64(group), 116, 8)
        octal(size, 124, 12)
        octal(UInt64(clamping: modified), 136, 12)
        put("        ", 148, 8)
        block[156] = type
        put(link, 157, 100)
        put("ustar\u{0}00", 257, 8)
        let sum = block.reduce(0) { $0 + UInt64($1) }
        octal(sum, 148, 7)
        block[155] = 0x20
        return block
    }
}
