import Glibc

/// Zeroes to write where the host cannot make them by itself: one small block, written many times.
enum ZeroBlock {
    private static let size = 64 << 10
    private static let piecesPerCall = 64

    /// Calls `write` with runs of zeroes that add up to `count` bytes, with each run's position.
    static func write(
        count: UInt64, _ write: (UInt64, IOVectors) throws(DiskError) -> Void
    ) throws(DiskError) {
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
        let pieces = UnsafeMutablePointer<iovec>.allocate(capacity: piecesPerCall)
        defer {
            block.deallocate()
            pieces.deallocate()
        }
        memset(block, 0, size)
        var position: UInt64 = 0
        while position < count {
            pieces.initialize(repeating: iovec(iov_base: block, iov_len: size), count: piecesPerCall)
            var run = IOVectors(base: pieces, count: piecesPerCall)
            let excess = UInt64(run.byteCount) - min(UInt64(run.byteCount), count - position)
            run.removeLast(Int(excess))
            try write(position, run)
            position += UInt64(run.byteCount)
        }
    }
}
