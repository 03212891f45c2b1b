// Virtual interrupts: what CLI, STI and INT n of a task in virtual-8086 mode do without asking the monitor (SDM vol. 3,
// section 20.3), and the same of CLI and STI for users of protected mode (section 20.4).
extension Interpreter {
    /// Whether VIF stands for IF: the code may not touch that.
    var hasVirtualInterrupts: Bool {
        guard s.pointee.privilege == 3, ioPrivilege < 3 else { return false }
        return s.pointee.cr4 & (cpu.isVirtual8086 ? Control.cr4VME : Control.cr4PVI) != 0
    }

    /// CLI and STI.
    func setVirtualInterrupt(_ isOn: Bool) throws(Fault) {
        if isOn, s.pointee.systemFlags & Flag.virtualPending != 0 { throw .protection }
        s.pointee.systemFlags =
            s.pointee.systemFlags & ~Flag.virtualInterrupt | (isOn ? Flag.virtualInterrupt : 0)
    }

    /// The 16 flags that a task sees: it may do everything, and IF is VIF.
    var virtualFlags: UInt64 {
        let flags = s.rflags & 0xFFFF & ~Flag.interrupt | Flag.privilege
        return s.pointee.systemFlags & Flag.virtualInterrupt != 0 ? flags | Flag.interrupt : flags
    }

    /// POPF and IRET of 16 bits.
    ///
    /// - Throws: when the monitor has to see to it: an interrupt waits, or TF is wanted.
    func setVirtualFlags(_ value: UInt64) throws(Fault) {
        let isOn = value & Flag.interrupt != 0
        if isOn, s.pointee.systemFlags & Flag.virtualPending != 0 { throw .protection }
        if value & Flag.trap != 0 { throw .protection }
        let kept = ~UInt64(0xFFFF) | Flag.privilege | Flag.interrupt
        s.rflags =
            s.rflags & kept & ~Flag.virtualInterrupt | value & ~kept | (isOn ? Flag.virtualInterrupt : 0)
    }

    /// INT n in virtual-8086 mode: by the task's own table when a bit in front of the map of ports says so.
    ///
    /// - Returns: whether it was that.
    func interruptVirtually(_ vector: UInt8) throws(Fault) -> Bool {
        guard s.pointee.cr4 & Control.cr4VME != 0, try !isRedirected(vector) else { return false }
        let flags = ioPrivilege < 3 ? virtualFlags : s.rflags & 0xFFFF
        let entry = try cpu.systemLoad(UInt64(vector) * 4, 2)
        let top = (r[4] &- 6) & 0xFFFF
        for (place, word) in [r[17], UInt64(s.pointee.segments[1].selector), flags].enumerated() {
            let offset = (top &+ UInt64(2 * place)) & 0xFFFF
            try cpu.checkSegment(SegmentSlot.ss, offset, 2, write: true)
            try store(offset &+ cpu.bases[Int(SegmentSlot.ss)], 1, word)
        }
        r[4] = r[4] & ~0xFFFF | top
        s.pointee.systemFlags &= ~(Flag.trap | Flag.nested)
        s.pointee.systemFlags &= ioPrivilege < 3 ? ~Flag.virtualInterrupt : ~Flag.interrupt
        cpu.setParagraph(SegmentSlot.cs, UInt16(truncatingIfNeeded: entry >> 16))
        r[17] = entry & 0xFFFF
        return true
    }

    /// Whether the monitor wants to have this interrupt. The map of 256 bits lies in front of that of ports.
    private func isRedirected(_ vector: UInt8) throws(Fault) -> Bool {
        let task = s.pointee.task
        let map = try cpu.systemLoad(task.base &+ 0x66, 1)
        let place = map &- 32 &+ UInt64(vector >> 3)
        guard map >= 32, place <= UInt64(task.limit) else { return true }
        return try cpu.systemLoad(task.base &+ place, 0) >> UInt64(vector & 7) & 1 != 0
    }
}
