import Glibc
import Host
import Synchronization

/// A disk that keeps every change apart: reads fall through to a base disk, writes go to an unnamed
/// scratch file, and all of them vanish with the machine (`--ephemeral`).
///
/// The unit of copying is a cluster. A cluster that is written in part is first copied under the
/// lock; one that is written whole is not copied and becomes visible after its bytes are in place,
/// so a full scratch file leaves the old contents readable.
package final class OverlayDisk: Disk {
    package let capacity: UInt64
    package let isReadOnly = false
    private let base: any Disk
    private let scratch: BackingFile
    private let map: Mutex<ClusterMap>

    /// Covers `base`; `scratch` is an empty file of which the disk becomes the owner.
    ///
    /// - Throws: `outOfRange` when the base is too large for the map (128 TiB), `io` when memory is short.
    package init(over base: any Disk, scratch file: consuming FileDescriptor) throws(DiskError) {
        self.base = base
        capacity = base.capacity
        scratch = BackingFile(owning: file)
        map = Mutex(try ClusterMap.empty(capacity: base.capacity))
    }

    package func read(at offset: UInt64, into vectors: IOVectors) throws(DiskError) {
        try checkRange(offset, UInt64(vectors.byteCount))
        var rest = vectors
        var position = offset
        while !rest.isEmpty {
            let extent = map.withLock { $0.extent(at: position, limit: UInt64(rest.byteCount)) }
            try rest.takeFirst(Int(extent.count)) { (part) throws(DiskError) in
                switch extent.place {
                case .base: try base.read(at: position, into: part)
                case .zeroes: part.clear()
                case .scratch(let start): try scratch.read(at: start, into: part)
                }
            }
            position += extent.count
        }
    }

    package func write(at offset: UInt64, from vectors: IOVectors) throws(DiskError) {
        try checkWritable(offset, UInt64(vectors.byteCount))
        try copyEdges(offset, UInt64(vectors.byteCount))
        var rest = vectors
        var position = offset
        while !rest.isEmpty {
            let extent = map.withLock { $0.extent(at: position, limit: UInt64(rest.byteCount)) }
            try rest.takeFirst(Int(extent.count)) { (part) throws(DiskError) in
                switch extent.place {
                case .scratch(let start): try scratch.write(at: start, from: part)
                case .base, .zeroes: try writeFresh(at: position, part)
                }
            }
            position += extent.count
        }
    }

    /// Nothing here outlives the machine, so nothing needs stable storage.
    package func flush() throws(DiskError) {}

    package func discard(at offset: UInt64, count: UInt64) throws(DiskError) {
        try checkWritable(offset, count)
        try clearWhole(offset, count)
    }

    package func writeZeroes(at offset: UInt64, count: UInt64, mayUnmap: Bool) throws(DiskError) {
        try checkWritable(offset, count)
        try clearWhole(offset, count)
        let whole = ClusterMap.wholeClusters(offset, count, capacity)
        let edges =
            whole.isEmpty
            ? [(offset, count)]
            : [(offset, whole.lowerBound - offset), (whole.upperBound, offset + count - whole.upperBound)]
        for (start, length) in edges {
            try ZeroBlock.write(count: length) { (position, vectors) throws(DiskError) in
                try write(at: start + position, from: vectors)
            }
        }
    }

    /// Makes the whole clusters of a range read as zeroes and gives their space back.
    private func clearWhole(_ offset: UInt64, _ count: UInt64) throws(DiskError) {
        let whole = ClusterMap.wholeClusters(offset, count, capacity)
        var position = whole.lowerBound
        while position < whole.upperBound {
            let extent = map.withLock { map in
                let extent = map.extent(at: position, limit: whole.upperBound - position)
                if extent.place == .base { map.clear(at: position, count: extent.count) }
                return extent
            }
            if case .scratch(let start) = extent.place, try !scratch.punch(at: start, count: extent.count) {
                try scratch.clear(at: start, count: extent.count)
            }
            position += extent.count
        }
    }

    /// Gives the clusters that a write covers only in part a copy in the scratch file.
    private func copyEdges(_ offset: UInt64, _ count: UInt64) throws(DiskError) {
        guard count > 0 else { return }
        for position in [offset, offset + count - 1] {
            let cluster = ClusterMap.cluster(around: position, capacity)
            let isWhole = offset <= cluster.lowerBound && cluster.upperBound <= offset + count
            if !isWhole { try copyUp(cluster) }
        }
    }

    private func copyUp(_ cluster: Range<UInt64>) throws(DiskError) {
        let length = cluster.upperBound - cluster.lowerBound
        // The lock is held across the copy: two queues may write two parts of one cluster at once.
        let result = map.withLock { map -> Result<Void, DiskError> in
            let place = map.extent(at: cluster.lowerBound, limit: length).place
            if case .scratch = place { return .success(()) }
            guard let start = map.reserve(count: length) else { return .failure(.noSpace) }
            if place == .base {
                let copied = copy(cluster, to: start)
                guard case .success = copied else { return copied }
            }
            map.publish(at: cluster.lowerBound, count: length, scratch: start)
            return .success(())
        }
        try result.get()
    }

    private func copy(_ cluster: Range<UInt64>, to start: UInt64) -> Result<Void, DiskError> {
        let length = Int(cluster.upperBound - cluster.lowerBound)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 4096)
        defer { buffer.deallocate() }
        return Result { () throws(DiskError) in
            try IOVectors.withBuffer(buffer) { (vectors) throws(DiskError) in
                try base.read(at: cluster.lowerBound, into: vectors)
                try scratch.write(at: start, from: vectors)
            }
        }
    }

    /// Writes whole clusters that have no place yet.
    private func writeFresh(at position: UInt64, _ part: IOVectors) throws(DiskError) {
        let count = UInt64(part.byteCount)
        guard let start = map.withLock({ $0.reserve(count: count) }) else { throw .noSpace }
        try scratch.write(at: start, from: part)
        map.withLock { $0.publish(at: position, count: count, scratch: start) }
    }
}
