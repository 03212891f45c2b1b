import Foundation

/// Reads a pipe to its end on a thread of its own.
package final class Collector: @unchecked Sendable {
    // SAFETY: `text` is guarded by `lock`.

    package let pipe = Pipe()
    private let lock = NSCondition()
    private var bytes = Data()
    private var isOver = false

    package init() {
        let handle = pipe.fileHandleForReading
        Thread.detachNewThread { [self] in
            while true {
                let data = handle.availableData
                lock.lock()
                bytes += data
                isOver = data.isEmpty
                lock.broadcast()
                lock.unlock()
                if data.isEmpty { return }
            }
        }
    }

    /// Waits for the end; everything that was read.
    package func finish() -> String {
        lock.lock()
        defer { lock.unlock() }
        while !isOver { lock.wait() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits until `text` has come behind the first `start` bytes; the position after it, or `nil` when the pipe
    /// has ended or the time is over.
    package func wait(for text: String, from start: Int, until deadline: Date) -> Int? {
        lock.lock()
        defer { lock.unlock() }
        while true {
            if let range = bytes.range(of: Data(text.utf8), in: min(start, bytes.count)..<bytes.count) {
                return range.upperBound
            }
            guard !isOver, lock.wait(until: deadline) else { return nil }
        }
    }

    /// What has come so far, from a position on, up to another.
    package func text(from start: Int, to end: Int = .max) -> String {
        lock.lock()
        defer { lock.unlock() }
        return String(decoding: bytes[min(start, bytes.count)..<min(end, bytes.count)], as: UTF8.self)
    }
}
