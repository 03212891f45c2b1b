/// The basic blocks of a region as its operations show them, and where each may go on within the region.
struct RegionFlow {
    struct Block {
        /// Operations [start, end); the first is the label.
        var start: Int
        var end: Int
        /// Page offset of the label.
        var offset: Int
        /// How much its operations count: more inside loops.
        var weight: UInt32
        /// Blocks that may follow, by branches within and at the end.
        var successors: [Int] = []
    }

    private(set) var blocks: [Block] = []

    init(_ ops: UnsafePointer<Op>, _ count: Int) {
        for index in 0..<count where ops[index].code == .label {
            if !blocks.isEmpty { blocks[blocks.count - 1].end = index }
            let weight = UInt32(1) << (3 * UInt32(ops[index].c))
            blocks.append(Block(start: index, end: count, offset: Int(ops[index].immediate), weight: weight))
        }
        for number in blocks.indices { connect(number, ops) }
    }

    func index(offset: Int) -> Int? { blocks.firstIndex { $0.offset == offset } }

    private mutating func connect(_ number: Int, _ ops: UnsafePointer<Op>) {
        var successors: [Int] = []
        var falls = true
        for index in blocks[number].start..<blocks[number].end {
            switch ops[index].code {
            case .branch, .jump:
                if ops[index].destination == .zero, let target = self.index(offset: Int(ops[index].immediate))
                {
                    successors.append(target)
                }
                falls = ops[index].code == .branch
            case .jumpIndirect, .interpretAndLeave: falls = false
            default: falls = true
            }
        }
        if falls, number + 1 < blocks.count { successors.append(number + 1) }
        blocks[number].successors = successors
    }

    // MARK: Integer registers read before they are written

    /// For each block, the integer registers that some way on from its start reads before it writes them.
    func liveIn(_ ops: UnsafePointer<Op>) -> [UInt32] {
        let own = blocks.map { Self.reads($0, ops) }
        var live = own.map(\.reads)
        var changed = true
        while changed {
            changed = false
            for number in blocks.indices.reversed() {
                let after = blocks[number].successors.reduce(UInt32(0)) { $0 | live[$1] }
                let now = own[number].reads | after & ~own[number].writes
                changed = changed || now != live[number]
                live[number] = now
            }
        }
        return live
    }

    private static func reads(_ block: Block, _ ops: UnsafePointer<Op>) -> (reads: UInt32, writes: UInt32) {
        var reads: UInt32 = 0
        var writes: UInt32 = 0
        for index in block.start..<block.end {
            let op = ops[index]
            reads |= (WordFacts.bit(op.a) | WordFacts.bit(op.b)) & ~writes
            writes |= WordFacts.bit(op.destination)
        }
        return (reads, writes)
    }
}
