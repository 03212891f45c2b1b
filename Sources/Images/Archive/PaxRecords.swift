/// The records of pax extended headers (POSIX.1-2001, pax, "Extended Header").
struct PaxRecords {
    /// In order: sparse maps repeat keys.
    private(set) var records: [(key: String, value: [UInt8])] = []

    init() {}

    /// Parses `LENGTH KEY=VALUE\n`, LENGTH being that of the whole record.
    init(_ bytes: [UInt8]) throws(ImageError) {
        var rest = bytes[...]
        while let first = rest.first, first != 0 {
            let (length, digits) = Self.length(rest)
            guard length > digits + 2, length <= rest.count, rest[rest.startIndex + length - 1] == 0x0a else {
                throw Self.malformed
            }
            let record = rest[rest.startIndex + digits + 1..<rest.startIndex + length - 1]
            guard rest[rest.startIndex + digits] == 0x20, let equals = record.firstIndex(of: 0x3d),
                equals > record.startIndex
            else { throw Self.malformed }
            let key = String(decoding: record[..<equals], as: UTF8.self)
            records.append((key, Array(record[(equals + 1)...])))
            rest = rest.dropFirst(length)
        }
    }

    private static func length(_ bytes: ArraySlice<UInt8>) -> (value: Int, digits: Int) {
        var value = 0
        var digits = 0
        for byte in bytes.prefix(8) {
            guard (0x30...0x39).contains(byte) else { break }
            value = value * 10 + Int(byte - 0x30)
            digits += 1
        }
        return (digits == 0 ? 0 : value, digits)
    }

    private static let malformed = ImageError(.corrupt, "an extended header of the tar archive is malformed")

    /// The last value of a key; an empty one counts as none.
    func text(_ key: String) -> String? {
        guard let value = records.last(where: { $0.key == key })?.value, !value.isEmpty else { return nil }
        return FileName.decode(value)
    }

    /// A path, which must hold no NUL.
    func path(_ key: String) throws(ImageError) -> String? {
        guard let text = text(key) else { return nil }
        guard !text.utf8.contains(0) else {
            throw ImageError(.corrupt, "a name in the tar archive holds a NUL")
        }
        return text
    }

    func number(_ key: String) throws(ImageError) -> Int64? {
        guard let text = text(key) else { return nil }
        guard let value = Int64(text) else { throw Self.malformed }
        return value
    }

    /// Seconds with a decimal fraction, cut to nanoseconds: `-1.5` is half a second after -2.
    func time(_ key: String) throws(ImageError) -> TarTime? {
        guard let text = text(key) else { return nil }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? String(parts[1].prefix(9)) : ""
        guard let seconds = Int64(parts[0].isEmpty ? "0" : parts[0]),
            let digits = Int64("0" + fraction), !fraction.hasPrefix("-"), !fraction.hasPrefix("+")
        else { throw Self.malformed }
        let nanoseconds = (fraction.count..<9).reduce(digits) { value, _ in value * 10 }
        guard text.hasPrefix("-"), nanoseconds > 0 else {
            return TarTime(seconds: seconds, nanoseconds: nanoseconds)
        }
        return TarTime(seconds: seconds &- 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }

    /// Extended attributes, as star and GNU tar store them.
    var attributes: [String: [UInt8]] {
        let prefix = "SCHILY.xattr."
        var result: [String: [UInt8]] = [:]
        for record in records where record.key.hasPrefix(prefix) {
            result[String(record.key.dropFirst(prefix.count))] = record.value
        }
        return result
    }

    /// Takes over the records of `other`, which win.
    mutating func merge(_ other: PaxRecords) { records += other.records }
}
