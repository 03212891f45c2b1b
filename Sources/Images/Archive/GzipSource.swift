import CZlib

/// Unpacks gzip (RFC 1952), also of several members; checksums are verified.
final class GzipSource: ByteSource {
    private let source: any ByteSource
    private let input = Chunk()
    private var stream = z_stream()
    private var isInsideMember = true
    private var hasEnded = false

    init(_ source: any ByteSource) throws(ImageError) {
        self.source = source
        // 15 + 16: the largest window, gzip's header.
        let result = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else { throw ImageError(.system, "no memory to unpack gzip") }
    }

    deinit { inflateEnd(&stream) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        let room = UInt32(min(buffer.count, 1 << 30))
        stream.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = room
        while stream.avail_out == room, !hasEnded {
            if stream.avail_in == 0, try !refill() { break }
            if !isInsideMember, try !beginMember() { break }
            try step()
        }
        return Int(room - stream.avail_out)
    }

    private func step() throws(ImageError) {
        switch inflate(&stream, Z_NO_FLUSH) {
        case Z_OK, Z_BUF_ERROR: return
        case Z_STREAM_END: isInsideMember = false
        case Z_MEM_ERROR: throw ImageError(.system, "no memory to unpack gzip")
        default: throw ImageError(.corrupt, "gzip data is damaged")
        }
    }

    /// False at the end of the bytes, which must not be inside a member.
    private func refill() throws(ImageError) -> Bool {
        let count = try source.read(into: input.bytes)
        if count == 0 {
            guard !isInsideMember else { throw ImageError(.corrupt, "gzip data ends too early") }
            hasEnded = true
            return false
        }
        stream.next_in = input.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.avail_in = UInt32(count)
        return true
    }

    /// Another member may follow, or zeros, which are padding.
    private func beginMember() throws(ImageError) -> Bool {
        while stream.avail_in > 0, stream.next_in.pointee == 0 {
            stream.next_in += 1
            stream.avail_in -= 1
        }
        guard stream.avail_in > 0 else { return true }
        guard inflateReset(&stream) == Z_OK else { throw ImageError(.corrupt, "gzip data is damaged") }
        isInsideMember = true
        return true
    }
}
