import Glibc
import Host
import Synchronization

/// How far a blob has been written, for who reads it meanwhile.
final class BlobGrowth: Sendable {
    private struct State {
        var written: Int64 = 0
        /// Set once nothing more comes; the first reason counts.
        var end: Result<Void, ImageError>?
    }

    private let state = Mutex(State())
    private let grown = Signal()

    func advance(to count: Int64) {
        state.withLock { $0.written = count }
        grown.raise()
    }

    /// No more bytes come, as the blob is whole and verified, or because of a failure.
    func finish(_ result: Result<Void, ImageError>) {
        state.withLock { $0.end = $0.end ?? result }
        grown.raise()
    }

    /// Waits for bytes behind `position`; the count that is written, which is `position` at the end only.
    func wait(past position: Int64) throws(ImageError) -> Int64 {
        while true {
            let seen = grown.count
            let (written, end) = state.withLock { ($0.written, $0.end) }
            if case .failure(let error)? = end { throw error }
            if written > position || end != nil { return written }
            grown.wait(past: seen)
        }
    }
}

/// Reads a blob while it is being written. The end comes when the blob was found to be what it should be.
final class GrowingSource: ByteSource, @unchecked Sendable {
    // SAFETY: opened by one thread, then read by one other.

    private let file: FileSource
    private let growth: BlobGrowth
    private var position: Int64 = 0

    init(path: String, growth: BlobGrowth) throws(ImageError) {
        file = try FileSource(path: path)
        self.growth = growth
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        let room = try growth.wait(past: position) - position
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: room)))
        let count = try file.read(into: part)
        position += Int64(count)
        return count
    }
}
