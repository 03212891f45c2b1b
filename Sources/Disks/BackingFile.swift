import CLinux
import Glibc
import Host

/// An open file as a store of bytes: whole transfers straight between it and the vectors, with
/// interrupted and partial calls carried on. What lies beyond its end reads as zeroes.
struct BackingFile: ~Copyable, Sendable {
    private let file: FileDescriptor

    /// Takes over an open file or block device.
    init(owning file: consuming FileDescriptor) { self.file = file }

    /// Fills all of `vectors`.
    func read(at offset: UInt64, into vectors: IOVectors) throws(DiskError) {
        try transfer(vectors, at: off_t(offset), preadv) { rest in
            rest.clear()
            return true
        }
    }

    /// Stores all of `vectors`.
    func write(at offset: UInt64, from vectors: IOVectors) throws(DiskError) {
        try transfer(vectors, at: off_t(offset), pwritev) { _ in false }
    }

    /// Returns when all writes are on stable storage.
    func flush() throws(DiskError) {
        while fdatasync(file.raw) != 0 {
            guard errno == EINTR else { throw DiskError(transfer: errno) }
        }
    }

    /// Gives the range's space back, so that it reads as zeroes. False where the host cannot.
    func punch(at offset: UInt64, count: UInt64) throws(DiskError) -> Bool {
        try allocate(VIV_PUNCH_HOLE, offset, count)
    }

    /// Makes the range read as zeroes; whatever way the host can do that best.
    func clear(at offset: UInt64, count: UInt64) throws(DiskError) {
        if try allocate(VIV_ZERO_RANGE, offset, count) { return }
        try ZeroBlock.write(count: count) { (position, vectors) throws(DiskError) in
            try write(at: offset + position, from: vectors)
        }
    }

    private func allocate(_ mode: Int32, _ offset: UInt64, _ count: UInt64) throws(DiskError) -> Bool {
        guard count > 0 else { return true }
        while viv_fallocate(file.raw, mode, Int64(offset), Int64(count)) != 0 {
            switch errno {
            case EINTR: continue
            case EOPNOTSUPP, ENOSYS, EINVAL, ENODEV: return false
            default: throw DiskError(transfer: errno)
            }
        }
        return true
    }

    private typealias Call = (Int32, UnsafePointer<iovec>, Int32, off_t) -> Int

    /// Moves all of `vectors`; a call that moves nothing ends it when `atEnd` says that is well.
    private func transfer(
        _ vectors: IOVectors, at offset: off_t, _ call: Call, atEnd: (IOVectors) -> Bool
    ) throws(DiskError) {
        var done = try attempt(vectors, at: offset, call)
        guard done < vectors.byteCount else { return }
        // Rare: a partial transfer, or more pieces than one call takes. Trim a copy.
        let copy = UnsafeMutablePointer<iovec>.allocate(capacity: vectors.count)
        defer { copy.deallocate() }
        copy.initialize(from: vectors.base, count: vectors.count)
        var rest = IOVectors(base: copy, count: vectors.count)
        var position = offset
        while done > 0 {
            rest.removeFirst(done)
            position += off_t(done)
            guard !rest.isEmpty else { return }
            done = try attempt(rest, at: position, call)
        }
        guard atEnd(rest) else { throw .io(EIO) }
    }

    private func attempt(_ vectors: IOVectors, at offset: off_t, _ call: Call) throws(DiskError) -> Int {
        let pieces = Int32(min(vectors.count, IOVectors.maximumPerCall))
        while true {
            let moved = call(file.raw, vectors.base, pieces, offset)
            if moved >= 0 { return moved }
            guard errno == EINTR else { throw DiskError(transfer: errno) }
        }
    }
}
