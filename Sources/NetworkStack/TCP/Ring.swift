/// Up to two pieces of memory that follow one another in a ring.
package struct RingSlices {
    package let first: UnsafeMutableRawBufferPointer
    package let second: UnsafeMutableRawBufferPointer

    package static var empty: RingSlices {
        let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        return RingSlices(first: nothing, second: nothing)
    }

    package init(first: UnsafeMutableRawBufferPointer, second: UnsafeMutableRawBufferPointer) {
        self.first = first
        self.second = second
    }

    @inline(__always)
    package var count: Int { first.count &+ second.count }
}

/// A byte queue of fixed capacity over one raw allocation, made at first use and given back when the connection no
/// longer needs it. Bytes may be stored ahead of the end (out-of-order segments) before they count as present.
///
/// Invariant: `0 ≤ head < capacity`, `0 ≤ count ≤ capacity`; capacity is a power of two.
package struct Ring: ~Copyable {
    package let capacity: Int
    private var memory: UnsafeMutableRawPointer?
    private var head = 0
    package private(set) var count = 0

    /// `capacity` is rounded up to a power of two.
    package init(capacity: Int) {
        var power = 4096
        while power < capacity { power *= 2 }
        self.capacity = power
    }

    deinit {
        memory?.deallocate()
    }

    package var space: Int { capacity &- count }

    /// The present bytes `offset ..< offset + length`, cut to what is present.
    package func readable(at offset: Int, length: Int) -> RingSlices {
        guard let memory, offset >= 0, offset < count else { return .empty }
        return slices(memory, at: head &+ offset, length: min(length, count &- offset))
    }

    /// The free memory from `offset` bytes past the end on, cut to `length` and to what is free.
    package mutating func writable(at offset: Int = 0, length: Int = .max) -> RingSlices {
        guard offset >= 0, offset < space else { return .empty }
        let memory = self.memory ?? UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
        self.memory = memory
        return slices(memory, at: head &+ count &+ offset, length: min(length, space &- offset))
    }

    /// Copies `bytes` to `offset` past the end, without making them present. Returns how many fitted.
    @discardableResult
    package mutating func store(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let room = writable(at: offset, length: bytes.count)
        room.first.copyMemory(from: bytes.first(room.first.count))
        if room.second.count > 0 {
            room.second.copyMemory(from: bytes.from(room.first.count).first(room.second.count))
        }
        return room.count
    }

    /// Makes the next `length` stored bytes present.
    package mutating func commit(_ length: Int) {
        count = min(capacity, count &+ max(0, length))
    }

    /// Forgets the first `length` bytes.
    package mutating func drop(_ length: Int) {
        let length = min(count, max(0, length))
        count &-= length
        head = (head &+ length) & (capacity &- 1)
    }

    /// Starts over at the memory's beginning, which is likeliest to be in cache; only while nothing is stored.
    package mutating func rewind() {
        if count == 0 { head = 0 }
    }

    /// Gives the memory back; the ring is empty after it.
    package mutating func release() {
        memory?.deallocate()
        memory = nil
        head = 0
        count = 0
    }

    @inline(__always)
    private func slices(_ memory: UnsafeMutableRawPointer, at position: Int, length: Int) -> RingSlices {
        let start = position & (capacity &- 1)
        let first = min(length, capacity &- start)
        return RingSlices(
            first: UnsafeMutableRawBufferPointer(start: memory + start, count: first),
            second: UnsafeMutableRawBufferPointer(start: memory, count: length &- first))
    }
}
