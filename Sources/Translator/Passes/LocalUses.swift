/// Looks ahead within basic blocks: which operation reads a value next, and who could see it.
///
/// The state of the guest is *visible* where an operation may fault, call out or leave: all but pure integer
/// computations. A result that is overwritten before anybody can read or see it need not be computed; one
/// that is overwritten before anybody can see it need not go to memory.
struct LocalUses: ~Copyable {
    /// What lies ahead of one operation.
    struct Uses {
        /// The next operation of the block that reads the value of `a`, `b` or the result; `never` if it is
        /// overwritten first, or the block ends.
        var a = LocalUses.never
        var b = LocalUses.never
        var result = LocalUses.never
        /// The result can be seen before it is overwritten.
        var isVisible = true
    }

    static let never: UInt16 = .max

    let uses: UnsafeMutablePointer<Uses>
    private var nextRead = InlineArray<32, UInt16>(repeating: LocalUses.never)
    private var nextWrite = InlineArray<32, UInt16>(repeating: LocalUses.never)
    /// The next operation before which the state is visible.
    private var nextSight: UInt16 = 0

    init() { uses = .allocate(capacity: UnitBuilder.capacity) }

    deinit { uses.deallocate() }

    /// Looks through the operations from the last to the first, and turns those into nothing whose results
    /// nobody wants.
    mutating func run(_ ops: UnsafeMutablePointer<Op>, _ count: Int) {
        endBlock(count)
        for index in (0..<count).reversed() {
            visit(&ops[index], index)
            if ops[index].code == .label { endBlock(index) }
        }
    }

    private mutating func endBlock(_ index: Int) {
        nextRead = InlineArray(repeating: Self.never)
        nextWrite = InlineArray(repeating: Self.never)
        nextSight = UInt16(truncatingIfNeeded: index)
    }

    private mutating func visit(_ op: inout Op, _ index: Int) {
        let number = UInt16(truncatingIfNeeded: index)
        var found = Uses()
        if op.destination < 32 {
            let register = Int(op.destination)
            found.result = nextRead[register]
            found.isVisible = nextSight <= nextWrite[register]
            if op.isPure, found.result == Self.never, !found.isVisible {
                op.code = .nothing
                op.destination = .zero
            } else {
                nextRead[register] = Self.never
                nextWrite[register] = number
            }
        }
        if op.code != .nothing { read(op, number, &found) }
        if !op.isPure { nextSight = number }
        uses[index] = found
    }

    private mutating func read(_ op: Op, _ number: UInt16, _ found: inout Uses) {
        if op.a < 32 { found.a = nextRead[Int(op.a)] }
        if op.b < 32 { found.b = nextRead[Int(op.b)] }
        if op.a < 32 { nextRead[Int(op.a)] = number }
        if op.b < 32 { nextRead[Int(op.b)] = number }
    }
}

extension Op {
    /// Computes on integer registers and does nothing else: it cannot fault, leave or call out.
    @inline(__always)
    var isPure: Bool { code.rawValue <= Code.pageRelative.rawValue || code == .nothing }
}
