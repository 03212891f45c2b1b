/// Finds, for each label of a region, the registers that hold sign-extended words there on every way, and
/// those of them that had better be kept as words, their upper halves left open.
///
/// What holds at the head when the region is entered cannot be known: the pass takes what is true at this
/// moment for what will be, and the region checks it at its entry.
struct WordAnalysis {
    private let ops: UnsafePointer<Op>
    private let flow: RegionFlow
    /// By block.
    private(set) var facts: [UInt32] = []
    /// Registers that are written as words more often than read as a whole, by weight.
    private var worthy: UInt32 = 0

    /// - Parameter present: the registers that hold sign-extended words now, at the region's head.
    init(_ ops: UnsafePointer<Op>, flow: RegionFlow, head: Int, present: UInt32) {
        self.ops = ops
        self.flow = flow
        facts = [UInt32](repeating: 0, count: flow.blocks.count)
        guard let first = flow.index(offset: head) else { return }
        judge()
        let entry = flow.liveIn(ops)[first] & present & useful()
        facts = solve(first, entry)
        // What no turn of the loop keeps true is not worth asking for.
        facts = solve(first, facts[first] & useful())
    }

    /// The words that block `number` expects as such.
    func words(_ number: Int) -> UInt32 { facts[number] & worthy }

    /// Weighs, for each register, extensions saved against extensions asked for.
    private mutating func judge() {
        var gain = InlineArray<32, Int>(repeating: 0)
        for block in flow.blocks {
            for index in block.start..<block.end {
                let op = ops[index]
                let weight = Int(block.weight)
                if op.destination < 32, op.c == Op.word, op.readsLowWords {
                    gain[Int(op.destination)] += weight
                }
                for value in [op.a, op.b] where value < 32 && op.readsWhole(value) {
                    gain[Int(value)] -= weight
                }
            }
        }
        for register in 0..<32 where gain[register] > 0 { worthy |= 1 << UInt32(register) }
    }

    /// Registers about which it helps to know: those worth keeping as words, and what they are compared or
    /// combined with.
    private func useful() -> UInt32 {
        var mask = worthy
        for block in flow.blocks {
            for index in block.start..<block.end where ops[index].isWordAgnostic {
                let pair = WordFacts.bit(ops[index].a) | WordFacts.bit(ops[index].b)
                if pair & worthy != 0 { mask |= pair }
            }
        }
        return mask
    }

    /// The greatest solution with `entry` at the head.
    private func solve(_ head: Int, _ entry: UInt32) -> [UInt32] {
        var known = [UInt32](repeating: .max, count: flow.blocks.count)
        known[head] = entry
        var changed = true
        while changed {
            changed = false
            for number in flow.blocks.indices {
                let block = flow.blocks[number]
                var state = WordFacts(known[number])
                for index in block.start..<block.end {
                    if ops[index].code == .branch {
                        changed = meet(&known, Int(ops[index].immediate), state.mask) || changed
                    }
                    state.apply(ops[index])
                }
                for successor in block.successors {
                    changed = meet(&known, flow.blocks[successor].offset, state.mask) || changed
                }
            }
        }
        return known
    }

    /// Takes from what is known at the block at `offset` what does not hold on this way to it.
    private func meet(_ known: inout [UInt32], _ offset: Int, _ mask: UInt32) -> Bool {
        guard let number = flow.index(offset: offset), known[number] & ~mask != 0 else { return false }
        known[number] &= mask
        return true
    }
}
