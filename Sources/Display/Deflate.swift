import CZlib

/// Bytes packed by the system's zlib (RFC 1950).
package enum Deflate {
    /// `bytes` as one zlib stream; `nil` when the host has no memory.
    package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var count = compressBound(UInt(bytes.count))
        var packed = [UInt8](repeating: 0, count: Int(count))
        guard compress2(&packed, &count, bytes, UInt(bytes.count), Z_DEFAULT_COMPRESSION) == Z_OK else {
            return nil
        }
        return Array(packed.prefix(Int(count)))
    }
}

/// One endless zlib stream, flushed to a whole byte after each piece, so that a reader can unpack what it has.
final class DeflateStream {
    private let stream: UnsafeMutablePointer<z_stream>

    /// `nil` when the host has no memory.
    init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        // Screens change often and pack well: speed counts.
        guard deflateInit_(stream, 3, ZLIB_VERSION, size) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The packed form of `bytes`, which continues what came before.
    func pack(_ bytes: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let room = piece.count
        var source = bytes
        source.withUnsafeMutableBufferPointer { source in
            stream.pointee.next_in = source.baseAddress
            stream.pointee.avail_in = UInt32(source.count)
            piece.withUnsafeMutableBufferPointer { piece in
                repeat {
                    stream.pointee.next_out = piece.baseAddress
                    stream.pointee.avail_out = UInt32(room)
                    deflate(stream, Z_SYNC_FLUSH)
                    packed += piece.prefix(room - Int(stream.pointee.avail_out))
                } while stream.pointee.avail_out == 0
            }
        }
        return packed
    }
}
