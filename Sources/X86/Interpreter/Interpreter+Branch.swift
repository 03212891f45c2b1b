// Control transfer (SDM vol. 1, section 7.3.8). RIP changes last: whatever faults has not jumped.
extension Interpreter {
    @inline(__always)
    func branch(_ i: UnsafePointer<Instruction>) throws(Fault) {
        switch i.pointee.op {
        case .jcc: if holds(i.pointee.extra) { try jump(relative(i), i) }
        case .jmp: try jump(relative(i), i)
        case .call:
            let target = relative(i)
            try checkTarget(target)
            try push(r[17], i.pointee.size)
            r[17] = target
        case .ret:
            let target = try top(i.pointee.size)
            try checkTarget(target)
            drop(1 &<< UInt64(i.pointee.size))
            r[17] = target
        default: try branchRarely(i)
        }
    }

    @inline(__always)
    private func relative(_ i: UnsafePointer<Instruction>) -> UInt64 {
        let target = r[17] &+ UInt64(bitPattern: i.pointee.immediate)
        return i.pointee.size == 3 ? target : truncate(target, i.pointee.size)
    }

    @inline(__always)
    private func jump(_ target: UInt64, _ i: UnsafePointer<Instruction>) throws(Fault) {
        try checkTarget(target)
        r[17] = target
    }

    /// Demands that code may lie at `target`: 48-bit addresses repeat their highest bit (SDM vol. 1, section 3.3.7.1);
    /// elsewhere the code segment has a limit.
    @inline(__always)
    func checkTarget(_ target: UInt64) throws(Fault) {
        guard cpu.isWide ? Core.isCanonical(target) : target <= UInt64(s.pointee.segments[1].limit) else {
            throw .protection
        }
    }

    private func branchRarely(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        switch i.pointee.op {
        case .jmpIndirect: try jump(truncate(try destination(i, size), size), i)
        case .callIndirect:
            let target = truncate(try destination(i, size), size)
            try checkTarget(target)
            try push(r[17], size)
            r[17] = target
        case .retImm:
            let target = try top(size)
            try checkTarget(target)
            drop(1 << UInt64(size) &+ UInt64(i.pointee.immediate & 0xFFFF))
            r[17] = target
        case .loop, .loope, .loopne: try loop(i)
        case .jrcxz: if r[1] & addressMask(i) == 0 { try jump(relative(i), i) }
        case .into: if hasOverflow { throw Fault(4, isTrap: true, isSoftware: true) }
        case .int3: throw Fault(3, isTrap: true, isSoftware: true)
        case .int1: throw Fault(1, isTrap: true)
        case .int:
            if cpu.isVirtual8086 {
                if try interruptVirtually(UInt8(truncatingIfNeeded: i.pointee.immediate)) { return }
                if ioPrivilege < 3 { throw .protection }
            }
            throw Fault(UInt8(truncatingIfNeeded: i.pointee.immediate), isTrap: true, isSoftware: true)
        default: throw .undefined
        }
    }

    private func loop(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let mask = addressMask(i)
        let isTaken = (r[1] &- 1) & mask != 0
        let condition = i.pointee.op == .loop || isZero == (i.pointee.op == .loope)
        if isTaken, condition { try jump(relative(i), i) }
        countDown(1, mask)
    }
}
