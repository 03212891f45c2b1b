import CLinux
import Foundation
import Glibc

/// Reads a pipe to its end on a thread of its own.
package final class Collector: @unchecked Sendable {
    // SAFETY: what changes is guarded by `lock`.

    /// What a child writes to; ours is closed by `begin`.
    let writer: Int32
    private let reader: Int32
    private let lock = NSCondition()
    private var bytes = Data()
    private var isOver = false

    package init() { (reader, writer) = Self.pipe() }

    deinit { close(reader) }

    /// Both ends of a pipe, close-on-exec: reading, writing.
    static func pipe() -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        precondition(viv_pipe(&ends) == 0, "no pipe: \(String(cString: strerror(errno)))")
        return (ends[0], ends[1])
    }

    /// Starts to read, now that the child has the other end.
    func begin() {
        close(writer)
        Thread.detachNewThread { [self] in
            while true {
                let data = Self.read(reader)
                lock.lock()
                bytes += data
                isOver = data.isEmpty
                lock.broadcast()
                lock.unlock()
                if data.isEmpty { return }
            }
        }
    }

    /// The next bytes; empty at the end.
    private static func read(_ descriptor: Int32) -> Data {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return Data(buffer.prefix(max(count, 0)))
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
