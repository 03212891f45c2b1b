import Glibc

/// A run of memory pieces that one transfer fills or drains: a view of `iovec`s that somebody else
/// owns, with the bytes that they point to.
///
/// Trimming edits the owner's `iovec`s in place, so that a piece of a request costs no copy. The
/// view is valid as long as its owner says; it is not for keeping.
package struct IOVectors {
    /// The most pieces that one system call takes (UIO_MAXIOV).
    package static let maximumPerCall = 1024

    /// The first piece.
    package private(set) var base: UnsafeMutablePointer<iovec>
    /// How many pieces there are.
    package private(set) var count: Int
    /// The sum of the pieces' lengths.
    package private(set) var byteCount: Int

    /// Views `count` pieces from `base`.
    package init(base: UnsafeMutablePointer<iovec>, count: Int) {
        self.base = base
        self.count = count
        byteCount = 0
        for index in 0..<count { byteCount += base[index].iov_len }
    }

    package var isEmpty: Bool { byteCount == 0 }

    /// Where byte `offset` of all lies; `nil` past the end.
    package func byte(at offset: Int) -> UnsafeMutablePointer<UInt8>? {
        var rest = offset
        for index in 0..<count {
            let piece = base[index]
            if rest < piece.iov_len { return (piece.iov_base + rest).assumingMemoryBound(to: UInt8.self) }
            rest -= piece.iov_len
        }
        return nil
    }

    /// The last byte's place; `nil` where there is no byte.
    package var lastByte: UnsafeMutablePointer<UInt8>? { isEmpty ? nil : byte(at: byteCount - 1) }

    package subscript(index: Int) -> iovec { base[index] }

    /// Drops the first `bytes` bytes, at most all.
    package mutating func removeFirst(_ bytes: Int) {
        var rest = min(bytes, byteCount)
        byteCount -= rest
        while count > 0, rest >= base.pointee.iov_len {
            rest -= base.pointee.iov_len
            base += 1
            count -= 1
        }
        guard rest > 0 else { return }
        base.pointee.iov_base += rest
        base.pointee.iov_len -= rest
    }

    /// Drops the last `bytes` bytes, at most all.
    package mutating func removeLast(_ bytes: Int) {
        var rest = min(bytes, byteCount)
        byteCount -= rest
        while count > 0, rest >= base[count - 1].iov_len {
            rest -= base[count - 1].iov_len
            count -= 1
        }
        guard rest > 0 else { return }
        base[count - 1].iov_len -= rest
    }

    /// Lends the first `bytes` bytes (at most all) to `body`, then drops them.
    package mutating func takeFirst<Failure: Error>(
        _ bytes: Int, _ body: (IOVectors) throws(Failure) -> Void
    ) throws(Failure) {
        let wanted = min(bytes, byteCount)
        var pieces = 0
        var sum = 0
        while sum < wanted {
            sum += base[pieces].iov_len
            pieces += 1
        }
        let excess = sum - wanted
        if excess > 0 { base[pieces - 1].iov_len -= excess }
        defer {
            if excess > 0 { base[pieces - 1].iov_len += excess }
            removeFirst(wanted)
        }
        try body(IOVectors(base: base, count: pieces))
    }

    /// Copies bytes out, up to the shorter of both; returns how many.
    @discardableResult
    package func copy(to target: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        for index in 0..<count where done < target.count {
            let piece = base[index]
            let length = min(piece.iov_len, target.count - done)
            guard length > 0, let to = target.baseAddress else { continue }
            memcpy(to + done, piece.iov_base, length)
            done += length
        }
        return done
    }

    /// Copies bytes in, up to the shorter of both; returns how many.
    @discardableResult
    package func copy(from source: UnsafeRawBufferPointer) -> Int {
        var done = 0
        for index in 0..<count where done < source.count {
            let piece = base[index]
            let length = min(piece.iov_len, source.count - done)
            guard length > 0, let from = source.baseAddress else { continue }
            memcpy(piece.iov_base, from + done, length)
            done += length
        }
        return done
    }

    /// Fills everything with zeroes.
    package func clear() {
        for index in 0..<count where base[index].iov_len > 0 {
            memset(base[index].iov_base, 0, base[index].iov_len)
        }
    }
}

extension IOVectors {
    /// Views one plain buffer for the time of `body`.
    package static func withBuffer<Failure: Error>(
        _ buffer: UnsafeMutableRawBufferPointer, _ body: (IOVectors) throws(Failure) -> Void
    ) throws(Failure) {
        var piece = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
        try withUnsafeMutablePointer(to: &piece) { (pointer) throws(Failure) in
            try body(IOVectors(base: pointer, count: 1))
        }
    }
}
