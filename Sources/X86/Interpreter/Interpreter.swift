import CLinux
import Machine

/// Executes a core's instructions one by one, as the manual tells them: the reference that every other engine
/// is to be held against. Decoded code is kept by physical address, translations in a software TLB.
///
/// The interpreter is a handful of pointers; copies of it are the same interpreter.
package struct Interpreter {
    unowned(unsafe) let cpu: Core
    let s: CorePointer
    /// The register file: `Slot`.
    let r: UnsafeMutablePointer<UInt64>
    /// The table of `BlockCache`, at hand without a reference to count.
    let blocks: UnsafeMutablePointer<InstructionBlock>
    /// What to add to the host's address of a byte of RAM for the guest's physical one.
    let physicalDistance: UInt64

    package init(_ core: Core) {
        cpu = core
        blocks = core.blocks.table
        physicalDistance = core.physical(ofHost: 0)
        s = core.state
        r = core.registers
    }

    /// Runs until the core is asked to end.
    package func run() {
        while cpu.attend() {
            if cpu.debug.isStepping {
                stepObserved()
                continue
            }
            while true {
                if s.pointee.isShadowed {
                    s.pointee.isShadowed = false
                    step()
                    // It may have been HLT.
                    continue
                }
                if viv_load32(cpu.exitRequest) != 0 { break }
                if isTraced { stepTraced() } else { runBlock() }
            }
        }
    }

    /// Executes the block at RIP, or less when something ends it early.
    func runBlock() {
        do throws(Fault) {
            guard let block = try findBlock() else { return try executeStraddling() }
            let (first, count) = (block.pointee.first, block.pointee.count)
            if cpu.isWide {
                try run(first, count: count, isSegmented: false)
            } else {
                try run(first, count: count, isSegmented: true)
            }
        } catch {
            cpu.raise(error)
        }
    }

    /// Executes one instruction, or enters the handler of the exception that it raises.
    package func step() {
        if isTraced { return stepTraced() }
        do throws(Fault) {
            try executeNext()
        } catch {
            cpu.raise(error)
        }
    }

    /// Executes one instruction.
    ///
    /// - Throws: the exception that it raises, with RIP as the handler is to find it.
    package func executeNext() throws(Fault) {
        guard let block = try findBlock() else { return try executeStraddling() }
        try run(block.pointee.first, count: 1, isSegmented: !cpu.isWide)
    }

    /// - Parameter isSegmented: outside 64-bit mode segments have a say.
    @inline(__always)
    private func run(_ first: UnsafePointer<Instruction>, count: Int, isSegmented: Bool) throws(Fault) {
        var cursor = first
        s.pointee.blockEnd = UInt(bitPattern: first + count)
        do throws(Fault) {
            repeat {
                r[17] &+= UInt64(cursor.pointee.length)
                if isSegmented { try checkSegments(cursor) }
                try execute(cursor)
                cursor += 1
            } while UInt(bitPattern: cursor) < s.pointee.blockEnd
            s.pointee.instructions &+= UInt64(cursor - first)
        } catch {
            s.pointee.instructions &+= UInt64(cursor - first)
            if !error.isTrap { r[17] &-= UInt64(cursor.pointee.length) }
            throw settle(error, cursor)
        }
    }

    /// A non-canonical address is #SS where the stack is meant, and #GP elsewhere.
    func settle(_ fault: Fault, _ i: UnsafePointer<Instruction>) -> Fault {
        guard fault == Core.nonCanonical else { return fault }
        let usesStack: Bool
        switch i.pointee.op {
        case .pop:
            // The stack is read before anything is written.
            usesStack = !i.pointee.hasMemory || !Core.isCanonical(r[4])
        case .push, .call, .callIndirect, .ret, .retImm, .leave, .enter, .pushf, .popf, .pushFS,
            .pushGS, .popFS,
            .popGS:
            // An operand in memory comes first, where there is one.
            usesStack = !i.pointee.hasMemory || Core.isCanonical(address(i))
        default: usesStack = false
        }
        let isStack =
            usesStack || i.pointee.segment == SegmentSlot.flatStack || i.pointee.segment == SegmentSlot.ss
        return isStack ? .stack : .protection
    }

    /// Executes one decoded instruction; RIP already points behind it.
    ///
    /// - Throws: its exception; then nothing has changed, except that some accesses may have been made.
    @inline(__always)
    func execute(_ i: UnsafePointer<Instruction>) throws(Fault) {
        switch i.pointee.chapter {
        case .arithmetic: try arithmetic(i)
        case .move: try move(i)
        case .branch: try branch(i)
        case .unary: try unary(i)
        case .bits: try bits(i)
        case .multiply: try multiply(i)
        case .string: try string(i)
        case .vectorMove: try vectorMove(i)
        case .vector, .vectorResult: try vector(i)
        case .x87: try x87(i)
        case .system: try system(i)
        case .locked: try locked(i)
        case .undefined: throw i.pointee.flags.contains(.overlong) ? .protection : .undefined
        }
    }

    /// Ends the block after the instruction at work.
    func endBlock() { s.pointee.blockEnd = 0 }
}
