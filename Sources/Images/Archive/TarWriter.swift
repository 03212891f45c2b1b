/// Writes a tar archive: ustar where it suffices, pax extended headers where it does not. Same members, same bytes.
package final class TarWriter {
    private let sink: any ByteSink
    private var rest: Int64 = 0
    private var padding = 0

    package init(_ sink: any ByteSink) { self.sink = sink }

    /// Begins a member; its data follows by `write`: `size` bytes, or the extents of a sparse file.
    package func begin(_ entry: TarEntry) throws(ImageError) {
        try endMember()
        var map: [UInt8] = []
        var stored = entry.kind == .file ? entry.size : 0
        if let extents = entry.sparse, entry.kind == .file {
            map = Self.sparseMap(extents)
            stored = Int64(map.count) + extents.reduce(0) { $0 + $1.length }
        }
        let records = PaxEncoder.records(for: entry, stored: stored)
        if !records.isEmpty { try writeExtension(records, for: entry) }
        try sink.write(TarHeaderEncoder.block(for: entry, stored: stored, isExtended: !records.isEmpty))
        rest = stored
        padding = Int(-stored & Int64(TarHeader.blockSize - 1))
        if !map.isEmpty { try write(map) }
    }

    /// The next bytes of the current member, which must not become more than it said.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        guard Int64(bytes.count) <= rest else {
            throw ImageError(.system, "a file grew while it was archived")
        }
        rest -= Int64(bytes.count)
        try sink.write(bytes)
    }

    package func write(_ bytes: [UInt8]) throws(ImageError) {
        guard Int64(bytes.count) <= rest else {
            throw ImageError(.system, "a file grew while it was archived")
        }
        rest -= Int64(bytes.count)
        try sink.write(bytes)
    }

    /// A whole member with its data.
    package func add(_ entry: TarEntry, data: [UInt8] = []) throws(ImageError) {
        var entry = entry
        if entry.kind == .file { entry.size = Int64(data.count) }
        try begin(entry)
        try write(data)
    }

    /// Ends the archive by two zero blocks.
    package func finish() throws(ImageError) {
        try endMember()
        try sink.write([UInt8](repeating: 0, count: 2 * TarHeader.blockSize))
        try sink.finish()
    }

    private func endMember() throws(ImageError) {
        guard rest == 0 else { throw ImageError(.system, "a file shrank while it was archived") }
        try sink.write([UInt8](repeating: 0, count: padding))
        padding = 0
    }

    private func writeExtension(_ records: [UInt8], for entry: TarEntry) throws(ImageError) {
        let base = entry.path.split(separator: "/").last.map { String($0.prefix(60)) } ?? "root"
        var header = TarEntry(path: "PaxHeaders.0/\(base)", kind: .file)
        if !header.path.utf8.allSatisfy({ $0 < 0x80 }) { header.path = "PaxHeaders.0/file" }
        let block = TarHeaderEncoder.block(
            for: header, stored: Int64(records.count), isExtended: true, type: UInt8(ascii: "x"))
        try sink.write(block)
        try sink.write(records)
        try sink.write([UInt8](repeating: 0, count: -records.count & (TarHeader.blockSize - 1)))
    }

    /// GNU's sparse format 1.0: decimal lines, padded to a block.
    private static func sparseMap(_ extents: [SparseExtent]) -> [UInt8] {
        var text = "\(extents.count)\n"
        for extent in extents { text += "\(extent.offset)\n\(extent.length)\n" }
        let bytes = Array(text.utf8)
        return bytes + [UInt8](repeating: 0, count: -bytes.count & (TarHeader.blockSize - 1))
    }
}

/// Header blocks of ustar (POSIX.1-1988).
enum TarHeaderEncoder {
    /// - Parameter isExtended: whether an extended header says what does not fit here.
    static func block(for entry: TarEntry, stored: Int64, isExtended: Bool, type: UInt8? = nil) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: TarHeader.blockSize)
        func put(_ text: some Collection<UInt8>, _ offset: Int, _ length: Int) {
            for (index, byte) in text.prefix(length).enumerated() { block[offset + index] = byte }
        }
        func put(_ number: Int64, _ offset: Int, _ length: Int) {
            let digits = String(fits(number, length) ? number : 0, radix: 8)
            put(
                Array((String(repeating: "0", count: length - 1 - digits.count) + digits).utf8), offset,
                length)
        }
        let (prefix, name) = split(entry.path) ?? ("", "see-extended-header")
        put(Array(name.utf8), 0, 100)
        put(Int64(entry.mode), 100, 8)
        put(Int64(entry.uid), 108, 8)
        put(Int64(entry.gid), 116, 8)
        put(stored, 124, 12)
        put(entry.modified.seconds, 136, 12)
        block[156] = type ?? code(of: entry.kind)
        put(FileName.encode(entry.link), 157, 100)
        put(Array("ustar\0".utf8) + Array("00".utf8), 257, 8)
        put(Array(entry.userName.utf8), 265, 31)
        put(Array(entry.groupName.utf8), 297, 31)
        put(Int64(entry.deviceMajor), 329, 8)
        put(Int64(entry.deviceMinor), 337, 8)
        put(Array(prefix.utf8), 345, 155)
        put(Array("        ".utf8), 148, 8)
        let sum = block.reduce(0) { $0 + Int64($1) }
        put(sum, 148, 7)
        block[155] = 0x20
        return block
    }

    /// Whether an octal field of `length` bytes holds a number.
    static func fits(_ number: Int64, _ length: Int) -> Bool {
        number >= 0 && number < 1 << (3 * (length - 1))
    }

    /// A path in the two parts that the header has room for; `nil` when it fits neither way.
    static func split(_ path: String) -> (prefix: String, name: String)? {
        let bytes = Array(path.utf8)
        guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        if bytes.count <= 100 { return ("", path) }
        for (index, byte) in bytes.enumerated()
        where byte == 0x2f && index <= 155 && index > 0 && (1...100).contains(bytes.count - index - 1) {
            return (
                String(decoding: bytes[..<index], as: UTF8.self),
                String(decoding: bytes[(index + 1)...], as: UTF8.self)
            )
        }
        return nil
    }

    private static func code(of kind: TarEntry.Kind) -> UInt8 {
        switch kind {
        case .file: UInt8(ascii: "0")
        case .hardLink: UInt8(ascii: "1")
        case .symbolicLink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo: UInt8(ascii: "6")
        }
    }
}

/// Extended headers: everything of a member that ustar cannot say.
enum PaxEncoder {
    /// Records sorted by key; empty when ustar says it all.
    static func records(for entry: TarEntry, stored: Int64) -> [UInt8] {
        var values: [String: [UInt8]] = [:]
        func put(_ key: String, _ text: String) { values[key] = FileName.encode(text) }
        if TarHeaderEncoder.split(entry.path) == nil { put("path", entry.path) }
        if entry.link.utf8.count > 100 || !entry.link.utf8.allSatisfy({ $0 < 0x80 }) {
            put("linkpath", entry.link)
        }
        if !TarHeaderEncoder.fits(stored, 12) { put("size", "\(stored)") }
        if !TarHeaderEncoder.fits(Int64(entry.uid), 8) { put("uid", "\(entry.uid)") }
        if !TarHeaderEncoder.fits(Int64(entry.gid), 8) { put("gid", "\(entry.gid)") }
        if entry.modified.nanoseconds != 0 || !TarHeaderEncoder.fits(entry.modified.seconds, 12) {
            put("mtime", decimal(entry.modified))
        }
        for (name, value) in entry.attributes { values["SCHILY.xattr.\(name)"] = value }
        if entry.sparse != nil {
            put("GNU.sparse.major", "1")
            put("GNU.sparse.minor", "0")
            put("GNU.sparse.name", entry.path)
            put("GNU.sparse.realsize", "\(entry.size)")
        }
        return values.sorted { $0.key < $1.key }.flatMap { record($0.key, $0.value) }
    }

    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let content = key.utf8.count + value.count + 3
        var length = content + String(content).utf8.count
        // The length counts its own digits.
        if String(length).utf8.count > String(content).utf8.count {
            length = content + String(length).utf8.count
        }
        return Array("\(length) \(key)=".utf8) + value + [0x0a]
    }

    static func decimal(_ time: TarTime) -> String {
        var (seconds, nanoseconds) = (time.seconds, time.nanoseconds)
        let isNegative = seconds < 0
        if isNegative {
            if nanoseconds > 0 { (seconds, nanoseconds) = (seconds + 1, 1_000_000_000 - nanoseconds) }
        }
        guard nanoseconds > 0 else { return "\(seconds)" }
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return (isNegative ? "-" : "") + "\(seconds.magnitude).\(digits)"
    }
}
