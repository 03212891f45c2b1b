import Disks
import Glibc

/// A disk and what it must contain: every operation is done to both.
struct DiskModel {
    let disk: any Disk
    private(set) var bytes: [UInt8]

    /// `bytes` is what the disk contains now.
    init(_ disk: any Disk, bytes: [UInt8]) {
        self.disk = disk
        self.bytes = bytes
    }

    mutating func write(_ data: [UInt8], at offset: Int, pieces: Int = 1) throws {
        var data = data
        try withPieces(&data, pieces) { try disk.write(at: UInt64(offset), from: $0) }
        bytes.replaceSubrange(offset..<offset + data.count, with: data)
    }

    mutating func writeZeroes(_ range: Range<Int>, mayUnmap: Bool) throws {
        try disk.writeZeroes(at: UInt64(range.lowerBound), count: UInt64(range.count), mayUnmap: mayUnmap)
        bytes.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
    }

    /// Discarded bytes are old or zero; here they are written afterwards, so that they are known.
    mutating func discard(_ range: Range<Int>, then data: [UInt8]) throws {
        try disk.discard(at: UInt64(range.lowerBound), count: UInt64(range.count))
        let now = try read(range)
        for (old, new) in zip(bytes[range], now) where new != 0 && new != old { throw Corrupt() }
        try write(data, at: range.lowerBound)
    }

    struct Corrupt: Error {}

    func read(_ range: Range<Int>, pieces: Int = 1) throws -> [UInt8] {
        var data = [UInt8](repeating: 0xaa, count: range.count)
        try withPieces(&data, pieces) { try disk.read(at: UInt64(range.lowerBound), into: $0) }
        return data
    }

    /// Lends the array as `pieces` vectors of unequal length.
    private func withPieces(_ data: inout [UInt8], _ pieces: Int, _ body: (IOVectors) throws -> Void) throws {
        try data.withUnsafeMutableBytes { raw in
            let count = max(1, min(pieces, raw.count))
            let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: count)
            defer { vectors.deallocate() }
            var start = 0
            for index in 0..<count {
                let length =
                    index == count - 1 ? raw.count - start : max(1, (raw.count - start) / (count - index))
                vectors[index] = iovec(iov_base: raw.baseAddress.map { $0 + start }, iov_len: length)
                start += length
            }
            try body(IOVectors(base: vectors, count: count))
        }
    }
}
