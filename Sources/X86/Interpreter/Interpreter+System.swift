import CLinux
import Machine

// System instructions (SDM vol. 3, section 2.8). All of them end their block.
extension Interpreter {
    func system(_ i: UnsafePointer<Instruction>) throws(Fault) {
        switch i.pointee.op {
        case .syscall: try systemCall()
        case .sysret: try systemReturn(i)
        case .sysenter: try systemEnter()
        case .sysexit: try systemExit(i)
        case .iret: try interruptReturn(i)
        case .retFar, .retFarImm, .jmpFar, .callFar, .jmpFarDirect, .callFarDirect: try farTransfer(i)
        case .cli, .sti, .pushf, .popf: try flagControl(i)
        case .inImmediate, .inDX, .outImmediate, .outDX, .ins, .outs: try portAccess(i)
        case .swapgs:
            try demandSupervisor()
            swap(&cpu.state.pointee.kernelGSBase, &cpu.bases[5])
            s.pointee.segments[5].base = cpu.bases[5]
        case .hlt:
            try demandSupervisor()
            cpu.halt()
        case .movFromSegment, .movToSegment, .pushFS, .popFS, .pushGS, .popGS, .pushSegment, .popSegment,
            .les,
            .lds, .lss, .lfs, .lgs:
            try segmentMove(i)
        case .movFromControl, .movToControl, .movFromDebug, .movToDebug, .clts, .smsw, .lmsw:
            try controlMove(i)
        case .lgdt, .lidt, .sgdt, .sidt, .sldt, .str, .lldt, .ltr: try tableAccess(i)
        case .verr, .verw, .lar, .lsl: try inspect(i)
        case .arpl: try adjustRequestedLevel(i)
        case .fxsave, .fxrstor, .ldmxcsr, .stmxcsr: try floatState(i)
        default: try miscellaneous(i)
        }
    }

    @inline(__always)
    func demandSupervisor() throws(Fault) {
        guard s.pointee.privilege == 0 else { throw .protection }
    }

    /// When interrupts have just been enabled, one that waits is taken.
    func noticeInterrupts() {
        guard s.pointee.systemFlags & Flag.interrupt != 0, viv_load32(cpu.signals) != 0 else { return }
        viv_store32(cpu.exitRequest, 1)
    }

    // MARK: System calls

    private func systemCall() throws(Fault) {
        guard s.pointee.efer & Control.syscallEnable != 0 else { throw .undefined }
        r[1] = r[17]
        r[11] = s.rflags & ~Flag.resume
        r[17] = s.pointee.lstar
        s.rflags = r[11] & ~s.pointee.syscallMask
        let selector = UInt16(truncatingIfNeeded: s.pointee.star >> 32) & ~3
        s.pointee.segments[1] = .flat(selector: selector, attributes: 0xA09B)
        s.pointee.segments[2] = .flat(selector: selector &+ 8, attributes: 0xC093)
        s.pointee.privilege = 0
        cpu.updateMode()
    }

    private func systemReturn(_ i: UnsafePointer<Instruction>) throws(Fault) {
        guard s.pointee.efer & Control.syscallEnable != 0 else { throw .undefined }
        try demandSupervisor()
        let selector = UInt16(truncatingIfNeeded: s.pointee.star >> 48)
        let isWide = i.pointee.size == 3
        if isWide { try checkTarget(r[1]) }
        r[17] = isWide ? r[1] : r[1] & 0xFFFF_FFFF
        s.rflags = r[11] & 0x3C_7FD7 | Flag.fixed
        let code = (isWide ? selector &+ 16 : selector) | 3
        s.pointee.segments[1] = .flat(selector: code, attributes: isWide ? 0xA0FB : 0xC0FB)
        s.pointee.segments[2] = .flat(selector: selector &+ 8 | 3, attributes: 0xC0F3)
        s.pointee.privilege = 3
        cpu.updateMode()
        noticeInterrupts()
    }

    /// SYSENTER: flat segments that one MSR names, RIP and RSP from two others.
    private func systemEnter() throws(Fault) {
        let selector = UInt16(truncatingIfNeeded: s.pointee.sysenter[0]) & ~3
        guard !cpu.isRealMode, selector != 0 else { throw .protection }
        let isWide = cpu.isLongMode
        s.pointee.systemFlags &= ~(Flag.interrupt | Flag.resume | Flag.virtual8086)
        s.pointee.segments[1] = .flat(selector: selector, attributes: isWide ? 0xA09B : 0xC09B)
        s.pointee.segments[2] = .flat(selector: selector &+ 8, attributes: 0xC093)
        s.pointee.privilege = 0
        r[17] = isWide ? s.pointee.sysenter[2] : s.pointee.sysenter[2] & 0xFFFF_FFFF
        r[4] = isWide ? s.pointee.sysenter[1] : s.pointee.sysenter[1] & 0xFFFF_FFFF
        cpu.updateMode()
    }

    /// SYSEXIT: back to where RDX and RCX say.
    private func systemExit(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let selector = UInt16(truncatingIfNeeded: s.pointee.sysenter[0]) & ~3
        guard !cpu.isRealMode, selector != 0 else { throw .protection }
        try demandSupervisor()
        let isWide = i.pointee.size == 3
        if isWide { guard Core.isCanonical(r[1]), Core.isCanonical(r[2]) else { throw .protection } }
        let code = selector &+ (isWide ? 32 : 16)
        s.pointee.segments[1] = .flat(selector: code | 3, attributes: isWide ? 0xA0FB : 0xC0FB)
        s.pointee.segments[2] = .flat(selector: code &+ 8 | 3, attributes: 0xC0F3)
        s.pointee.privilege = 3
        r[17] = isWide ? r[2] : r[2] & 0xFFFF_FFFF
        r[4] = isWide ? r[1] : r[1] & 0xFFFF_FFFF
        cpu.updateMode()
    }

    func stackSegment(_ selector: UInt16, _ level: UInt8, _ isWide: Bool) throws(Fault) -> Segment {
        if selector & ~3 == 0 {
            guard isWide, level != 3 else { throw .protection(0) }
            return .flat(selector: selector, attributes: 0)
        }
        let segment = try cpu.descriptor(selector)
        let fits =
            segment.attributes & 0x1A == 0x12
            && UInt8(truncatingIfNeeded: segment.attributes >> 5 & 3) == level
        guard fits, selector & 3 == UInt16(level) else { throw .protection(UInt32(selector & ~3)) }
        guard segment.attributes & 0x80 != 0 else { throw Fault(12, UInt32(selector & ~3)) }
        return segment
    }

    /// A return to less privilege leaves no data segment behind that the code could not have loaded.
    func dropSegments(_ level: UInt8) {
        for slot in [0, 3, 4, 5] {
            let type = s.pointee.segments[slot].attributes
            let isData = type & 0x10 != 0 && type & 0xC != 0xC
            if isData, UInt8(truncatingIfNeeded: type >> 5 & 3) < level {
                s.pointee.segments[slot].selector = 0
                s.pointee.segments[slot].attributes = 0
            }
        }
    }

    // MARK: Flags

    private func flagControl(_ i: UnsafePointer<Instruction>) throws(Fault) {
        switch i.pointee.op {
        case .pushf:
            if cpu.isVirtual8086, ioPrivilege < 3 {
                guard hasVirtualInterrupts, i.pointee.size == 1 else { throw .protection }
                return try push(virtualFlags, 1)
            }
            try push(s.rflags & ~(Flag.resume | Flag.virtual8086), i.pointee.size)
        case .popf:
            if cpu.isVirtual8086, ioPrivilege < 3 {
                guard hasVirtualInterrupts, i.pointee.size == 1 else { throw .protection }
                try setVirtualFlags(try top(1))
                return drop(2)
            }
            let value = try top(i.pointee.size)
            drop(1 << UInt64(i.pointee.size))
            setFlags(value, size: i.pointee.size, privilege: s.pointee.privilege)
            cpu.selectTLB()
            noticeInterrupts()
        case _ where hasVirtualInterrupts: try setVirtualInterrupt(i.pointee.op == .sti)
        default:
            guard ioPrivilege >= s.pointee.privilege || cpu.isRealMode else { throw .protection }
            if i.pointee.op == .cli {
                s.pointee.systemFlags &= ~Flag.interrupt
            } else {
                if s.pointee.systemFlags & Flag.interrupt == 0 { s.pointee.isShadowed = true }
                s.pointee.systemFlags |= Flag.interrupt
                noticeInterrupts()
            }
        }
    }

    var ioPrivilege: UInt8 { UInt8(truncatingIfNeeded: s.pointee.systemFlags >> 12 & 3) }

    /// POPF and IRET: which flags may change depends on the privilege (SDM vol. 2, POPF).
    func setFlags(_ value: UInt64, size: UInt8, privilege: UInt8) {
        var mask =
            Flag.arithmetic | Flag.trap | Flag.direction | Flag.nested | Flag.alignment | Flag.identification
        if privilege == 0 { mask |= Flag.privilege }
        if ioPrivilege >= privilege { mask |= Flag.interrupt }
        if size == 1 { mask &= 0xFFFF }
        s.rflags = s.rflags & ~mask | value & mask
    }
}
