import Disks
import Synchronization

/// A disk in memory that counts and fails on demand.
package final class MemoryDisk: Disk {
    private struct State {
        var bytes: [UInt8]
        var flushes = 0
        var failure: DiskError?
    }

    package let capacity: UInt64
    package let isReadOnly: Bool
    private let state: Mutex<State>

    package init(size: Int, isReadOnly: Bool = false) {
        capacity = UInt64(size)
        self.isReadOnly = isReadOnly
        state = Mutex(State(bytes: [UInt8](repeating: 0, count: size)))
    }

    /// As many as the capacity.
    package var bytes: [UInt8] {
        get { state.withLock { $0.bytes } }
        set { state.withLock { $0.bytes = newValue } }
    }

    /// How often the disk has been flushed.
    package var flushes: Int { state.withLock { $0.flushes } }

    /// Every writing operation fails from now on.
    package func failWrites(with error: DiskError) { state.withLock { $0.failure = error } }

    package func read(at offset: UInt64, into vectors: IOVectors) throws(DiskError) {
        let range = try range(offset, UInt64(vectors.byteCount))
        let part = state.withLock { Array($0.bytes[range]) }
        _ = part.withUnsafeBytes { vectors.copy(from: $0) }
    }

    package func write(at offset: UInt64, from vectors: IOVectors) throws(DiskError) {
        var part = [UInt8](repeating: 0, count: vectors.byteCount)
        _ = part.withUnsafeMutableBytes { vectors.copy(to: $0) }
        try replace(offset, with: part)
    }

    package func flush() throws(DiskError) { state.withLock { $0.flushes += 1 } }

    package func discard(at offset: UInt64, count: UInt64) throws(DiskError) {
        try writeZeroes(at: offset, count: count, mayUnmap: true)
    }

    package func writeZeroes(at offset: UInt64, count: UInt64, mayUnmap: Bool) throws(DiskError) {
        let range = try range(offset, count)
        try replace(offset, with: [UInt8](repeating: 0, count: range.count))
    }

    private func range(_ offset: UInt64, _ count: UInt64) throws(DiskError) -> Range<Int> {
        guard offset <= capacity, count <= capacity - offset else { throw .outOfRange }
        return Int(offset)..<Int(offset + count)
    }

    private func replace(_ offset: UInt64, with part: [UInt8]) throws(DiskError) {
        guard !isReadOnly else { throw .readOnly }
        let range = try range(offset, UInt64(part.count))
        let failure = state.withLock { state in
            if state.failure == nil { state.bytes.replaceSubrange(range, with: part) }
            return state.failure
        }
        if let failure { throw failure }
    }
}
