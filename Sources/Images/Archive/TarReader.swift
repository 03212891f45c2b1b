/// Reads a tar archive from front to back: ustar, pax, GNU and v7 headers. The archive is not trusted.
///
/// Names come as the archive has them. Data of members that nobody reads is skipped.
package final class TarReader {
    /// Bytes of extended headers and long names.
    static let maximumHeader = 1 << 20
    static let maximumPath = 4096

    private let source: any ByteSource
    private let buffer = Chunk()
    private var start = 0
    private var end = 0
    /// Data of the current member that was not read, and the padding behind it.
    private var rest: Int64 = 0
    private var padding = 0
    private var globals = PaxRecords()
    private var hasEnded = false
    /// What stood before the current member's own header.
    private var longName: String?
    private var longLink: String?
    private var pax = PaxRecords()

    package init(_ source: any ByteSource) { self.source = source }

    /// The next member, or `nil` at the end of the archive.
    package func next() throws(ImageError) -> TarEntry? {
        try skipData()
        longName = nil
        longLink = nil
        pax = PaxRecords()
        while !hasEnded {
            guard let fields = try nextHeader() else { return nil }
            if try takeExtension(fields) { continue }
            if let entry = try member(fields) { return entry }
        }
        return nil
    }

    /// Gives the stored data of the current member to `body`, piece by piece; of sparse files the extents.
    package func readData(
        _ body: (UnsafeRawBufferPointer) throws(ImageError) -> Void
    ) throws(ImageError) {
        while rest > 0 {
            if start == end { try refill() }
            let count = Int(min(rest, Int64(end - start)))
            let piece = UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<start + count])
            start += count
            rest -= Int64(count)
            try body(piece)
        }
    }

    /// The data of the current member as an array, which must not be longer than `limit`.
    package func readAll(limit: Int) throws(ImageError) -> [UInt8] {
        guard rest <= Int64(limit) else {
            throw ImageError(.invalid, "a document in the archive has \(rest) bytes, more than \(limit)")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(rest))
        try readData { bytes += $0 }
        return bytes
    }

    /// Reads what stands behind the archive's end, so that hashes below see every byte.
    package func drain() throws(ImageError) {
        start = 0
        end = 0
        try source.drain()
    }

    // MARK: Blocks

    private func refill() throws(ImageError) {
        start = 0
        end = try source.read(into: buffer.bytes)
        guard end > 0 else { throw ImageError(.corrupt, "the tar archive ends in the middle of a member") }
    }

    /// Makes 512 bytes contiguous; `nil` at the end of the bytes.
    private func block() throws(ImageError) -> UnsafeRawBufferPointer? {
        if end - start < TarHeader.blockSize {
            buffer.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<end]))
            end -= start
            start = 0
            end += try source.readFully(into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[end...]))
            if end == 0 { return nil }
            guard end >= TarHeader.blockSize else {
                throw ImageError(.corrupt, "the tar archive ends in the middle of a header")
            }
        }
        defer { start += TarHeader.blockSize }
        return UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<start + TarHeader.blockSize])
    }

    private func skipData() throws(ImageError) {
        try readData { _ throws(ImageError) in }
        rest = Int64(padding)
        padding = 0
        try readData { _ throws(ImageError) in }
    }

    private func expectData(_ size: Int64) throws(ImageError) {
        guard size >= 0 else { throw ImageError(.corrupt, "a member of the tar archive has a negative size") }
        rest = size
        padding = Int(-size & Int64(TarHeader.blockSize - 1))
    }

    /// Archives end with a zero block, or where their bytes do.
    private func nextHeader() throws(ImageError) -> (TarHeader.Fields, UnsafeRawBufferPointer)? {
        guard let block = try block(), !TarHeader.isZero(block) else {
            hasEnded = true
            return nil
        }
        return (try TarHeader.parse(block), block)
    }

    // MARK: Headers

    /// Takes headers that only say something about the next member.
    private func takeExtension(_ header: (TarHeader.Fields, UnsafeRawBufferPointer)) throws(ImageError)
        -> Bool
    {
        let fields = header.0
        switch fields.type {
        case UInt8(ascii: "L"): longName = try longText(fields)
        case UInt8(ascii: "K"): longLink = try longText(fields)
        case UInt8(ascii: "x"): pax.merge(try PaxRecords(try headerData(fields)))
        case UInt8(ascii: "g"):
            globals.merge(try PaxRecords(try headerData(fields)))
            guard globals.records.count <= 1000 else { throw ImageError(.corrupt, "too many global headers") }
        default: return false
        }
        return true
    }

    private func headerData(_ fields: TarHeader.Fields) throws(ImageError) -> [UInt8] {
        try expectData(fields.size)
        let bytes = try readAll(limit: Self.maximumHeader)
        try skipData()
        return bytes
    }

    private func longText(_ fields: TarHeader.Fields) throws(ImageError) -> String {
        FileName.decode(try headerData(fields).prefix { $0 != 0 })
    }

    /// The member of a header, or `nil` for a kind that says nothing about files (volume labels).
    private func member(
        _ header: (TarHeader.Fields, UnsafeRawBufferPointer)
    ) throws(ImageError) -> TarEntry? {
        let fields = header.0
        var records = globals
        records.merge(pax)
        var entry = TarEntry(path: try records.path("path") ?? longName ?? fields.name, kind: .file)
        let hasData = try setKind(of: &entry, fields)
        let stored = hasData ? try records.number("size") ?? fields.size : 0
        entry.size = stored
        try expectData(stored)
        try setAttributes(of: &entry, fields, records)
        if fields.type == UInt8(ascii: "S") { try readOldSparse(&entry, header.1) }
        if hasData { try readPaxSparse(&entry, records) }
        guard !entry.path.isEmpty, entry.path.utf8.count <= Self.maximumPath,
            entry.link.utf8.count <= Self.maximumPath
        else { throw ImageError(.corrupt, "a name in the tar archive is empty or too long") }
        return "VMN".utf8.contains(fields.type) ? nil : entry
    }

    /// - Returns: whether members of this kind have data.
    private func setKind(of entry: inout TarEntry, _ fields: TarHeader.Fields) throws(ImageError) -> Bool {
        switch fields.type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            // Before POSIX, folders were files whose names end in a slash.
            if entry.path.hasSuffix("/") { entry.kind = .directory }
            return entry.kind == .file
        case UInt8(ascii: "S"), UInt8(ascii: "V"), UInt8(ascii: "M"), UInt8(ascii: "N"): return true
        case UInt8(ascii: "1"): entry.kind = .hardLink
        case UInt8(ascii: "2"): entry.kind = .symbolicLink
        case UInt8(ascii: "3"): entry.kind = .characterDevice
        case UInt8(ascii: "4"): entry.kind = .blockDevice
        case UInt8(ascii: "5"): entry.kind = .directory
        case UInt8(ascii: "6"): entry.kind = .fifo
        case UInt8(ascii: "D"):
            entry.kind = .directory
            return true
        default:
            let kind = Character(UnicodeScalar(fields.type))
            throw ImageError(.corrupt, "the tar archive has a member of the unknown kind '\(kind)'")
        }
        return false
    }

    private func setAttributes(
        of entry: inout TarEntry, _ fields: TarHeader.Fields, _ pax: PaxRecords
    ) throws(ImageError) {
        entry.link = try pax.path("linkpath") ?? longLink ?? fields.link
        entry.mode = UInt32(truncatingIfNeeded: fields.mode) & 0o7777
        entry.uid = try id(try pax.number("uid") ?? fields.uid)
        entry.gid = try id(try pax.number("gid") ?? fields.gid)
        entry.userName = pax.text("uname") ?? fields.userName
        entry.groupName = pax.text("gname") ?? fields.groupName
        entry.modified = try pax.time("mtime") ?? TarTime(seconds: fields.modified)
        entry.deviceMajor = UInt32(truncatingIfNeeded: fields.major)
        entry.deviceMinor = UInt32(truncatingIfNeeded: fields.minor)
        entry.attributes = pax.attributes
    }

    private func id(_ value: Int64) throws(ImageError) -> UInt32 {
        // The largest value means "unchanged" to chown(2).
        guard let id = UInt32(exactly: value), id != .max else {
            throw ImageError(.corrupt, "a member of the tar archive belongs to the user or group \(value)")
        }
        return id
    }

    // MARK: Sparse files

    private func readOldSparse(_ entry: inout TarEntry, _ first: UnsafeRawBufferPointer) throws(ImageError) {
        var extents = try SparseMap.oldEntries(first, at: 386, count: 4)
        let size = try TarHeader.number(first, 483, 12)
        var isExtended = first[482] != 0
        while isExtended {
            guard let more = try block(), extents.count < SparseMap.maximumExtents else {
                throw SparseMap.malformed
            }
            extents += try SparseMap.oldEntries(more, at: 0, count: 21)
            isExtended = more[504] != 0
        }
        try SparseMap.validate(extents, size: size, stored: entry.size)
        entry.size = size
        entry.sparse = extents
    }

    private func readPaxSparse(_ entry: inout TarEntry, _ pax: PaxRecords) throws(ImageError) {
        let isVersion1 = pax.text("GNU.sparse.major") == "1" && pax.text("GNU.sparse.minor") == "0"
        let isVersion0 = pax.text("GNU.sparse.numblocks") != nil || pax.text("GNU.sparse.map") != nil
        guard isVersion1 || isVersion0 else { return }
        let extents = isVersion1 ? try readMap() : try SparseMap.fromRecords(pax)
        let realSize = try pax.number("GNU.sparse.realsize")
        let olderSize = try pax.number("GNU.sparse.size")
        guard let size = realSize ?? olderSize else { throw SparseMap.malformed }
        try SparseMap.validate(extents, size: size, stored: rest)
        entry.size = size
        entry.sparse = extents
        if let name = try pax.path("GNU.sparse.name") { entry.path = name }
    }

    /// Version 1.0: decimal lines before the data, the first being their count, padded to a block.
    private func readMap() throws(ImageError) -> [SparseExtent] {
        var numbers: [Int64] = []
        var wanted = 1
        var number: Int64 = 0
        var digits = 0
        while numbers.count < wanted {
            guard rest >= Int64(TarHeader.blockSize), let block = try block() else {
                throw SparseMap.malformed
            }
            rest -= Int64(TarHeader.blockSize)
            for byte in block where numbers.count < wanted {
                if byte == 0x0a {
                    guard digits > 0 else { throw SparseMap.malformed }
                    numbers.append(number)
                    if numbers.count == 1 { wanted += 2 * Int(min(number, Int64(SparseMap.maximumExtents))) }
                    (number, digits) = (0, 0)
                } else {
                    guard (0x30...0x39).contains(byte), digits < 18 else { throw SparseMap.malformed }
                    number = number * 10 + Int64(byte - 0x30)
                    digits += 1
                }
            }
        }
        return try SparseMap.pairs(Array(numbers.dropFirst()))
    }
}
