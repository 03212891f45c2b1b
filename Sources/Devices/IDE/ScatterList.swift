import Disks
import Glibc
import Machine

/// Pieces of guest memory in a row, all of them RAM.
struct ScatterList {
    private let memory: GuestMemory
    private(set) var pieces: [(address: UInt64, count: Int)] = []
    private(set) var byteCount = 0

    init(_ memory: GuestMemory) { self.memory = memory }

    /// False when the piece is not all RAM.
    mutating func append(_ address: UInt64, _ count: Int) -> Bool {
        guard count > 0, memory.pointer(to: address, count: UInt64(count)) != nil else { return false }
        pieces.append((address, count))
        byteCount += count
        return true
    }

    /// Hands the first `count` bytes (at most all) to `body`, which moves them.
    func withVectors<Result>(_ count: Int, _ body: (IOVectors) -> Result) -> Result {
        var vectors: [iovec] = []
        var left = count
        for piece in pieces where left > 0 {
            let length = min(piece.count, left)
            left -= length
            let pointer = memory.pointer(to: piece.address, count: UInt64(length))
            vectors.append(iovec(iov_base: pointer, iov_len: length))
        }
        return vectors.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else {
                var none = iovec()
                return withUnsafeMutablePointer(to: &none) { body(IOVectors(base: $0, count: 0)) }
            }
            return body(IOVectors(base: base, count: buffer.count))
        }
    }

    /// Copies bytes in, as many as fit; returns how many.
    func fill(from bytes: [UInt8]) -> Int {
        var position = 0
        for piece in pieces where position < bytes.count {
            let length = min(piece.count, bytes.count - position)
            bytes[position..<position + length].withUnsafeBytes { _ = memory.write(piece.address, from: $0) }
            position += length
        }
        return position
    }

    /// The first `count` bytes have been written behind the translator's back.
    func didWrite(_ count: Int) {
        var left = count
        for piece in pieces where left > 0 {
            memory.didWrite(piece.address, UInt64(min(piece.count, left)))
            left -= piece.count
        }
    }
}
