/// Finds, for each label of a region, the registers whose NaNs may wait for being made canonical.
///
/// What SSE computes from NaNs is a NaN, though not the guest's canonical one. While only arithmetic reads such a
/// result, which of them it is does not matter; it is made canonical where it is seen: stored, moved, spilled. Behind
/// a label that may be done only to what arithmetic has left there on every way, as a NaN that was loaded keeps its
/// payload.
struct NaNAnalysis {
    /// Registers that all arithmetic of the region leaves doubles in, and those that it leaves singles in.
    private(set) var doubles: UInt32 = 0
    private(set) var singles: UInt32 = 0
    /// By block: the registers of either kind that may hold such NaNs at its label.
    private(set) var open: [UInt32] = []

    private let ops: UnsafePointer<Op>
    private let flow: RegionFlow

    /// - Parameters:
    ///   - mapped: floating-point registers that have vector registers.
    ///   - present: what registers hold now, at the region's head; its entry checks what is used of that.
    init(
        _ ops: UnsafePointer<Op>, flow: RegionFlow, head: Int, mapped: UInt32, present: PresentValues
    ) {
        self.ops = ops
        self.flow = flow
        for block in flow.blocks {
            for index in block.start..<block.end { collect(ops[index]) }
        }
        (doubles, singles) = (doubles & ~singles & mapped, singles & ~doubles & mapped)
        open = [UInt32](repeating: 0, count: flow.blocks.count)
        guard let first = flow.index(offset: head) else { return }
        let numbers = doubles & present.doubles | singles & present.singles
        open = solve(first, numbers)
        // What no turn of the loop leaves so is not worth asking for at the entry.
        open = solve(first, open[first])
    }

    private mutating func collect(_ op: Op) {
        guard op.isFloatArithmetic else { return }
        let bit = UInt32(1) << UInt32(op.destination & 31)
        if op.makesDouble { doubles |= bit } else { singles |= bit }
    }

    /// The greatest solution with `entry` at the head.
    private func solve(_ head: Int, _ entry: UInt32) -> [UInt32] {
        var known = [UInt32](repeating: doubles | singles, count: flow.blocks.count)
        known[head] = entry
        var changed = true
        while changed {
            changed = false
            for block in flow.blocks.indices { changed = pass(block, &known) || changed }
        }
        return known
    }

    /// Takes from what is known behind block `number` what it does not leave so.
    private func pass(_ number: Int, _ known: inout [UInt32]) -> Bool {
        var state = known[number]
        var changed = false
        func meet(_ successor: Int) {
            changed = changed || known[successor] & ~state != 0
            known[successor] &= state
        }
        for index in flow.blocks[number].start..<flow.blocks[number].end {
            let op = ops[index]
            if op.code == .branch, let target = flow.index(offset: Int(op.immediate)) { meet(target) }
            if op.code == .interpret { state = 0 }
            guard op.destination.isFloat else { continue }
            let bit = UInt32(1) << UInt32(op.destination & 31)
            state = op.isFloatArithmetic ? state | bit & (doubles | singles) : state & ~bit
        }
        flow.blocks[number].successors.forEach(meet)
        return changed
    }
}

/// What the guest's registers hold at some moment, as bits.
struct PresentValues {
    /// Integer registers with sign-extended words.
    var words: UInt32 = 0
    /// Floating-point registers that are no NaN when read as doubles, and as singles, boxed or not.
    var doubles: UInt32 = 0
    var singles: UInt32 = 0
}

extension Op {
    /// Rounds, and makes a canonical NaN of any.
    var isFloatArithmetic: Bool {
        code.rawValue >= Code.floatAdd.rawValue && code.rawValue <= Code.floatFused.rawValue
            || code == .floatConvert
    }

    /// Of arithmetic: the result is a double.
    var makesDouble: Bool { code == .floatConvert ? c & 1 == 0 : c & 1 != 0 }
}
