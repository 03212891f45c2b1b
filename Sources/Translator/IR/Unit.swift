/// The operations of one unit of translation: a straight run of guest instructions (leaving it
/// sideways is allowed), or a region of several basic blocks with a loop.
///
/// All guest instructions of a unit lie in one guest page and the one behind it. The storage is made once per vCPU and
/// reused for every unit.
package struct UnitBuilder: ~Copyable {
    package static let capacity = 2048

    package let ops: UnsafeMutablePointer<Op>
    package private(set) var count = 0
    /// Offset in its page of the first instruction, and of the end of the last one.
    package private(set) var startOffset: UInt16 = 0
    package private(set) var endOffset: UInt16 = 0
    private var pageOffset: UInt16 = 0
    /// Guest instructions of the current basic block so far, the current one excluded.
    private var retired: UInt8 = 0
    private var begun = false

    package init() { ops = .allocate(capacity: Self.capacity) }

    deinit { ops.deallocate() }

    /// Starts a new unit.
    package mutating func reset(startOffset: UInt16) {
        count = 0
        self.startOffset = startOffset
        endOffset = startOffset
        retired = 0
        begun = false
    }

    /// Room for the operations of one more guest instruction.
    package var hasRoom: Bool { count < Self.capacity - 16 && retired < 120 }

    /// Starts a basic block that branches within the unit may target, inside `depth` loops.
    mutating func label(at offset: UInt16, depth: UInt8) {
        retired = 0
        begun = false
        var op = Op(.label, c: depth, immediate: Int64(offset))
        op.pageOffset = offset
        ops[count] = op
        count += 1
    }

    /// Starts the guest instruction of `length` bytes at `offset`.
    package mutating func instruction(at offset: UInt16, length: UInt8) {
        if begun { retired += 1 }
        begun = true
        pageOffset = offset
        endOffset = max(endOffset, offset + UInt16(length))
    }

    /// Adds an operation of the current instruction.
    @inline(__always)
    package mutating func append(_ op: Op) {
        ops[count] = op
        ops[count].pageOffset = pageOffset
        ops[count].retired = retired
        count += 1
    }
}
