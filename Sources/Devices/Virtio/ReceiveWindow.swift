import Disks
import Glibc

/// The receive buffers that a driver has made available and no frame has filled yet, in order, as
/// one list of memory pieces: a frame is received straight into its beginning.
///
/// Buffers stay here from one frame to the next, so that each descriptor is looked at once, however
/// much room the largest frame needs.
struct ReceiveWindow: ~Copyable {
    private struct Buffer {
        let head: UInt16
        let pieces: Int
        let bytes: Int
    }

    private static let capacity = 4 * ChainWalker.limit

    private let pieces = UnsafeMutablePointer<iovec>.allocate(capacity: ReceiveWindow.capacity)
    private var first = 0
    private var end = 0
    private var buffers: [Buffer] = []
    private var firstBuffer = 0

    /// Room in all buffers together.
    private(set) var byteCount = 0

    deinit { pieces.deallocate() }

    var isEmpty: Bool { firstBuffer == buffers.count }

    /// Everything there is, or as much as one call takes.
    var vectors: IOVectors {
        IOVectors(base: pieces + first, count: min(end - first, IOVectors.maximumPerCall))
    }

    /// The first buffer alone.
    var firstVectors: IOVectors {
        IOVectors(base: pieces + first, count: isEmpty ? 0 : buffers[firstBuffer].pieces)
    }

    /// Takes buffers from the queue until there are `wanted` bytes of room or no more buffers.
    mutating func fill(from queue: inout Virtqueue, wanted: Int) {
        makeRoom()
        while byteCount < wanted, end + ChainWalker.limit <= Self.capacity, let chain = queue.pop() {
            guard chain.readable.isEmpty, !chain.writable.isEmpty else { return queue.markBroken() }
            let vectors = chain.writable
            for index in 0..<vectors.count { pieces[end + index] = vectors[index] }
            end += vectors.count
            byteCount += vectors.byteCount
            buffers.append(Buffer(head: chain.head, pieces: vectors.count, bytes: vectors.byteCount))
        }
    }

    /// How many buffers the first `count` bytes occupy.
    func buffersNeeded(for count: Int) -> Int {
        var rest = count
        var index = firstBuffer
        while rest > 0, index < buffers.count {
            rest -= buffers[index].bytes
            index += 1
        }
        return index - firstBuffer
    }

    /// Gives the driver the buffers that hold the first `count` bytes.
    mutating func deliver(_ count: Int, to queue: inout Virtqueue) {
        var rest = count
        while rest > 0, firstBuffer < buffers.count {
            let buffer = buffers[firstBuffer]
            let used = min(rest, buffer.bytes)
            queue.didWrite(firstVectors, count: used)
            queue.complete(buffer.head, written: used)
            rest -= used
            first += buffer.pieces
            firstBuffer += 1
            byteCount -= buffer.bytes
        }
    }

    /// Forgets everything.
    mutating func removeAll() {
        first = 0
        end = 0
        firstBuffer = 0
        byteCount = 0
        buffers.removeAll(keepingCapacity: true)
    }

    /// Moves what is left to the front once half of the storage is behind it.
    private mutating func makeRoom() {
        guard first >= Self.capacity / 2 || isEmpty else { return }
        memmove(pieces, pieces + first, (end - first) * MemoryLayout<iovec>.stride)
        end -= first
        first = 0
        buffers.removeFirst(firstBuffer)
        firstBuffer = 0
    }
}
