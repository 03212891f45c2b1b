/// Finds the loop that starts at a hot instruction: the basic blocks, within reach of one code
/// window, that lie between the head and the branches back to it.
struct RegionFormation: ~Copyable {
    /// One basic block: instructions at [start, end).
    struct BasicBlock {
        var start: Int
        var end: Int
        /// Where it may go on; -1 = nowhere in reach.
        var target = -1
        var next = -1
        /// Leads back to the head.
        var isMember = false
        /// How many loops of the region it is in.
        var depth = 0
    }

    private enum Flow: UInt8 {
        case unknown = 0, next, branch, jump, end
    }

    private struct Instruction {
        var flow = Flow.unknown
        var isLeader = false
        var length: UInt8 = 0
        var target: Int32 = -1
    }

    private(set) var blocks: [BasicBlock] = []
    private let instructions = UnsafeMutablePointer<Instruction>.allocate(capacity: 4096)
    private var probe = UnitBuilder()
    private var found: [Int] = []

    private static let mostInstructions = 240
    private static let mostBlocks = 40

    init() { instructions.initialize(repeating: Instruction(), count: 4096) }

    deinit { instructions.deallocate() }

    /// Fills `blocks`, in order of addresses. False when there is no loop, or it is too large.
    mutating func run(head: Int, _ code: CodeWindow, _ key: UInt32, _ isa: any GuestISA) -> Bool {
        defer { forget() }
        explore(head, code, key, isa)
        cut()
        guard blocks.count <= Self.mostBlocks, mark(head) else { return false }
        measureDepth()
        return true
    }

    /// Whether another loop head of the region is among `heads` (page offsets).
    func contains(_ heads: Set<Int>, but head: Int) -> Bool {
        blocks.contains { $0.isMember && $0.start != head && heads.contains($0.start) }
    }

    /// Whether the instruction at `offset` is in a block of the loop.
    func covers(_ offset: Int) -> Bool {
        blocks.contains { $0.isMember && $0.start <= offset && offset < $0.end }
    }

    private mutating func forget() {
        for offset in found { instructions[offset >> 1] = Instruction() }
        found.removeAll(keepingCapacity: true)
    }

    // MARK: Instructions

    private mutating func explore(_ head: Int, _ code: CodeWindow, _ key: UInt32, _ isa: any GuestISA) {
        var pending = [head]
        while let start = pending.popLast() {
            lead(start)
            var offset = start
            while offset < code.size, instructions[offset >> 1].flow == .unknown,
                found.count < Self.mostInstructions
            {
                let next = visit(offset, code, key, isa)
                let flow = instructions[offset >> 1].flow
                let target = Int(instructions[offset >> 1].target)
                if flow == .branch || flow == .jump, target >= 0, target < code.size {
                    pending.append(target)
                }
                guard flow == .next || flow == .branch else { break }
                if flow == .branch, next < code.size { lead(next) }
                offset = next
            }
        }
    }

    private mutating func lead(_ offset: Int) {
        if !instructions[offset >> 1].isLeader, instructions[offset >> 1].flow == .unknown {
            found.append(offset)
        }
        instructions[offset >> 1].isLeader = true
    }

    /// Classifies one instruction; returns the offset behind it.
    private mutating func visit(_ offset: Int, _ code: CodeWindow, _ key: UInt32, _ isa: any GuestISA) -> Int
    {
        probe.reset(startOffset: UInt16(offset))
        let next = isa.build(&probe, code: code, offset: offset, limit: 1, key: key)
        let last = probe.ops[probe.count - 1]
        let flow: Flow =
            switch last.code {
            case .branch: .branch
            case .jump where last.destination == .zero: .jump
            default: next == nil ? .end : .next
            }
        if !instructions[offset >> 1].isLeader { found.append(offset) }
        instructions[offset >> 1].flow = flow
        instructions[offset >> 1].length = UInt8(truncatingIfNeeded: Int(probe.endOffset) - offset)
        if flow == .branch || flow == .jump {
            instructions[offset >> 1].target = Int32(truncatingIfNeeded: last.immediate)
        }
        return Int(probe.endOffset)
    }

    // MARK: Basic blocks

    /// Cuts the instructions found into blocks.
    private mutating func cut() {
        blocks.removeAll(keepingCapacity: true)
        found.sort()
        for start in found
        where instructions[start >> 1].isLeader && instructions[start >> 1].flow != .unknown {
            var block = BasicBlock(start: start, end: start)
            while block.end < 8192 {
                let instruction = instructions[block.end >> 1]
                if instruction.flow == .unknown { break }
                let behind = block.end + Int(instruction.length)
                block.end = behind
                block.target =
                    instruction.flow == .branch || instruction.flow == .jump ? Int(instruction.target) : -1
                block.next = instruction.flow == .next || instruction.flow == .branch ? behind : -1
                if instruction.flow != .next || behind >= 8192 || instructions[behind >> 1].isLeader { break }
            }
            blocks.append(block)
        }
    }

    private func index(_ start: Int) -> Int? { start < 0 ? nil : blocks.firstIndex { $0.start == start } }

    /// Marks the natural loop of the branches that lead back to the head: the blocks from which one of them
    /// is reached without coming by the head. Only branches from higher addresses count, so that the way
    /// from the loop around this one to the head is not taken for one. False when there is no loop.
    private mutating func mark(_ head: Int) -> Bool {
        for i in blocks.indices where blocks[i].start >= head {
            blocks[i].isMember = blocks[i].target == head || blocks[i].next == head
        }
        guard blocks.contains(where: \.isMember) else { return false }
        var changed = true
        while changed {
            changed = false
            for i in blocks.indices where !blocks[i].isMember && blocks[i].start != head {
                guard leadsToMember(blocks[i], but: head) else { continue }
                blocks[i].isMember = true
                changed = true
            }
        }
        return join(head)
    }

    private func leadsToMember(_ block: BasicBlock, but head: Int) -> Bool {
        [block.target, block.next].contains { successor in
            successor != head && index(successor).map { blocks[$0].isMember } == true
        }
    }

    /// Makes the head a member, if the loop begins with it.
    private mutating func join(_ head: Int) -> Bool {
        guard let first = index(head) else { return false }
        blocks[first].isMember = blocks[first].isMember || leadsToMember(blocks[first], but: head)
        return blocks[first].isMember
    }

    private mutating func measureDepth() {
        for tail in blocks where tail.isMember {
            for head in [tail.target, tail.next] where head >= 0 && head <= tail.start {
                for i in blocks.indices where blocks[i].start >= head && blocks[i].start <= tail.start {
                    blocks[i].depth += 1
                }
            }
        }
    }

    /// Appends the operations of the members to `unit`, a label before each.
    func emit(into unit: inout UnitBuilder, _ code: CodeWindow, _ key: UInt32, _ isa: any GuestISA) -> Bool {
        let members = blocks.filter(\.isMember)
        for (number, block) in members.enumerated() {
            unit.label(at: UInt16(block.start), depth: UInt8(min(block.depth, 3)))
            var offset = block.start
            while offset < block.end {
                guard unit.hasRoom else { return false }
                guard let next = isa.build(&unit, code: code, offset: offset, limit: 1, key: key) else {
                    break
                }
                offset = next
            }
            let follower = number + 1 < members.count ? members[number + 1].start : -1
            if block.next >= 0, block.next != follower {
                unit.append(Op(.jump, immediate: Int64(block.next)))
            }
        }
        return true
    }
}
