/// How the bytes of a layer are packed.
package enum Compression: String, Codable, Sendable {
    case none, gzip, zstd

    /// Recognizes packed bytes by their first ones.
    static func detect(_ start: some Collection<UInt8>) throws(ImageError) -> Compression {
        if start.starts(with: [0x1f, 0x8b]) { return .gzip }
        if start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return .zstd }
        // A skippable frame may come first.
        if start.count >= 4, start.dropFirst().starts(with: [0x2a, 0x4d, 0x18]), let first = start.first,
            first & 0xf0 == 0x50
        {
            return .zstd
        }
        for (name, magic) in [("bzip2", [0x42, 0x5a, 0x68]), ("xz", [0xfd, 0x37, 0x7a, 0x58])]
            as [(String, [UInt8])]
        where start.starts(with: magic) {
            throw ImageError(.invalid, "this is packed by \(name): unpack it first, or use gzip or zstd")
        }
        return .none
    }

    /// What unpacks `source`, by the first bytes that it gives.
    package static func unpacked(_ source: any ByteSource) throws(ImageError) -> any ByteSource {
        let peeked = try PeekedSource(source)
        switch try detect(peeked.start) {
        case .none: return peeked
        case .gzip: return try GzipSource(peeked)
        case .zstd: return try ZstdSource(peeked)
        }
    }
}

/// A source whose first bytes were looked at.
final class PeekedSource: ByteSource {
    /// At most 8 bytes.
    let start: [UInt8]
    private let source: any ByteSource
    private var given = 0

    init(_ source: any ByteSource) throws(ImageError) {
        self.source = source
        let buffer = Chunk(size: 8)
        let count = try source.readFully(into: buffer.bytes)
        start = Array(buffer.bytes[..<count])
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        guard given < start.count else { return try source.read(into: buffer) }
        let count = min(buffer.count, start.count - given)
        buffer.copyBytes(from: start[given..<given + count])
        given += count
        return count
    }
}

/// Refuses what unpacks to much more than it was: a decompression bomb.
final class BoundedSource: ByteSource {
    /// Bytes that any source may give, whatever it was packed to.
    static let harmless: Int64 = 4 << 30
    /// Beyond that, bytes for each packed byte. Real layers stay below 100.
    static let maximumRatio: Int64 = 200

    private let source: any ByteSource
    private let limit: Int64
    private var count: Int64 = 0

    /// - Parameters:
    ///   - packedSize: bytes of the packed form, when known.
    ///   - maximum: bytes that are never exceeded.
    init(
        _ source: any ByteSource, packedSize: Int64?, maximum: Int64, harmless: Int64 = BoundedSource.harmless
    ) {
        self.source = source
        let (scaled, overflow) = (packedSize ?? .max).multipliedReportingOverflow(by: Self.maximumRatio)
        limit = min(maximum, overflow ? .max : max(harmless, scaled))
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        let read = try source.read(into: buffer)
        count += Int64(read)
        guard count <= limit else {
            throw ImageError(
                .invalid, "the layer unpacks to more than \(limit) bytes: it may be a decompression bomb")
        }
        return read
    }
}
