import CZlib
import Glibc

/// Unpacks one gzip stream out of a file, piece by piece and straight to where the bytes belong.
struct Gunzip: ~Copyable {
    private static let pieceSize = 256 << 10
    /// `inflateInit2`: the largest window, and a gzip wrapper whose checksum is verified.
    private static let windowBits: Int32 = 15 + 16

    private let file: BootFile
    private var position: UInt64
    private let end: UInt64
    private let stream: UnsafeMutablePointer<z_stream>
    private let piece: UnsafeMutableRawBufferPointer
    /// The stream has ended, and its checksum was right.
    private(set) var isComplete = false

    static func isGzip(_ head: [UInt8]) -> Bool { head.starts(with: [0x1f, 0x8b, 0x08]) }

    /// `part` is where in the file the stream lies; bytes after the stream's end are ignored.
    init(_ file: BootFile, part: Range<UInt64>) throws(KernelError) {
        self.file = file
        position = part.lowerBound
        end = min(part.upperBound, file.size)
        stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        piece = .allocate(byteCount: Self.pieceSize, alignment: 16)
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(stream, Self.windowBits, ZLIB_VERSION, size) == Z_OK else {
            throw .unsupported("cannot be unpacked: the host's zlib refuses to start")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        piece.deallocate()
    }

    /// Unpacks until `target` is full or the stream ends; returns how many bytes that gave.
    mutating func fill(_ target: UnsafeMutableRawBufferPointer) throws(KernelError) -> Int {
        var filled = 0
        while filled < target.count, !isComplete {
            if stream.pointee.avail_in == 0 { try refill() }
            let room = min(target.count - filled, Int(UInt32.max))
            stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self).advanced(
                by: filled)
            stream.pointee.avail_out = UInt32(room)
            let status = inflate(stream, Z_NO_FLUSH)
            filled += room - Int(stream.pointee.avail_out)
            switch status {
            case Z_STREAM_END: isComplete = true
            case Z_OK, Z_BUF_ERROR: break
            default: throw .corrupt("the gzip data do not unpack")
            }
        }
        return filled
    }

    private mutating func refill() throws(KernelError) {
        let count = Int(min(UInt64(piece.count), end - min(position, end)))
        guard count > 0 else { throw .truncated(what: "the gzip data end early") }
        guard
            let filled = file.read(
                into: UnsafeMutableRawBufferPointer(rebasing: piece[..<count]), at: position)
        else { throw .unreadable(errno: errno) }
        guard filled > 0 else { throw .truncated(what: "the gzip data end early") }
        position += UInt64(filled)
        stream.pointee.next_in = piece.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(filled)
    }
}
