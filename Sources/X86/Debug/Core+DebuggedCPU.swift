import Machine

extension Core: DebuggedCPU {
    package var registerSet: RegisterSet { DebugRegisters.set }

    package var debugSummary: String {
        let mode =
            if isLongMode {
                "long mode"
            } else {
                state.pointee.cr0 & Control.protection != 0 ? "protected mode" : "real mode"
            }
        return "core \(id) \(state.pointee.isHalted ? "is halted" : "runs"), \(mode), "
            + "privilege \(state.pointee.privilege)"
    }

    package func debugTranslate(_ address: UInt64) -> UInt64? {
        let address = isLongMode ? address : address & 0xFFFF_FFFF
        guard Self.isCanonical(address) else { return nil }
        let walker = PageWalker(
            memory: memory, cr0: state.pointee.cr0, cr3: state.pointee.cr3, cr4: state.pointee.cr4,
            efer: state.pointee.efer, isUser: false, avoidsUser: false)
        guard let mapping = try? walker.walk(address, .read) else { return nil }
        return (mapping.physical | address & 0xFFF) & addressLines
    }

    /// The points have changed: pages enter the TLB anew. Only while the core is parked.
    package func debugPointsChanged() { tlb.flush() }

    // MARK: Registers

    package func debugRegister(_ number: Int) -> [UInt8]? {
        switch number {
        case 0..<16: LittleEndian.bytes(registers[DebugRegisters.order[number]])
        case DebugRegisters.rip: LittleEndian.bytes(registers[Int(Slot.rip)])
        case DebugRegisters.eflags: LittleEndian.bytes(state.rflags, 4)
        case DebugRegisters.segments..<DebugRegisters.floatStack:
            LittleEndian.bytes(UInt64(segment(number).selector), 4)
        case DebugRegisters.floatStack..<DebugRegisters.floatControl:
            Array(bytes(float.pointee.stack[number - DebugRegisters.floatStack]).prefix(10))
        case DebugRegisters.floatControl..<DebugRegisters.vector:
            LittleEndian.bytes(floatControl[number - DebugRegisters.floatControl], 4)
        case DebugRegisters.vector..<DebugRegisters.mxcsr:
            bytes(float.pointee.xmm[number - DebugRegisters.vector])
        case DebugRegisters.mxcsr: LittleEndian.bytes(UInt64(float.pointee.mxcsr), 4)
        case DebugRegisters.segmentBases: LittleEndian.bytes(segment(SegmentSlot.fs).base)
        case DebugRegisters.segmentBases + 1: LittleEndian.bytes(segment(SegmentSlot.gs).base)
        case DebugRegisters.system..<DebugRegisters.set.registers.count:
            LittleEndian.bytes(system[number - DebugRegisters.system])
        default: nil
        }
    }

    package func setDebugRegister(_ number: Int, _ bytes: [UInt8]) -> Bool {
        guard hasRegister(number, bytes: bytes.count) else { return false }
        let value = LittleEndian.value(bytes)
        switch number {
        case 0..<16: registers[DebugRegisters.order[number]] = value
        case DebugRegisters.rip: registers[Int(Slot.rip)] = value
        case DebugRegisters.eflags: return setFlags(value)
        case DebugRegisters.floatStack..<DebugRegisters.floatControl:
            let high = LittleEndian.value(bytes.dropFirst(8))
            float.pointee.stack[number - DebugRegisters.floatStack] = Vector(low: value, high: high)
        case DebugRegisters.vector..<DebugRegisters.mxcsr:
            let high = LittleEndian.value(bytes.dropFirst(8))
            float.pointee.xmm[number - DebugRegisters.vector] = Vector(low: value, high: high)
        default: return false
        }
        return true
    }

    /// Those that no mode depends on.
    private func setFlags(_ value: UInt64) -> Bool {
        let settable = Flag.arithmetic | Flag.direction | Flag.interrupt
        state.rflags = state.rflags & ~settable | value & settable
        return true
    }

    private func segment(_ number: Int) -> Segment {
        segment(DebugRegisters.segmentOrder[number - DebugRegisters.segments])
    }

    private func segment(_ slot: UInt8) -> Segment { state.pointee.segments[Int(slot)] }

    private func bytes(_ vector: Vector) -> [UInt8] {
        LittleEndian.bytes(vector.low) + LittleEndian.bytes(vector.high)
    }

    /// FCTRL, FSTAT, FTAG, FISEG, FIOFF, FOSEG, FOOFF, FOP.
    private var floatControl: [UInt64] {
        let area = float.pointee
        // FXSAVE's short form says only whether a register is in use.
        let tags = (0..<8 as Range<UInt64>).reduce(UInt64(0)) {
            UInt64(area.tags) >> $1 & 1 != 0 ? $0 : $0 | 3 << (2 * $1)
        }
        return [
            UInt64(area.control), UInt64(area.status), tags, 0, area.instructionPointer, 0, area.dataPointer,
            UInt64(area.opcode),
        ]
    }

    private var system: [UInt64] {
        [
            state.pointee.kernelGSBase, state.pointee.cr0, state.pointee.cr2, state.pointee.cr3,
            state.pointee.cr4, UInt64(controller.taskPriority()), state.pointee.efer,
        ]
    }
}

// MARK: - What engines ask

extension Core {
    /// Whether the debugger stops the core before the instruction at a linear address. On the core's own thread.
    func stopsHere(_ address: UInt64) -> Bool {
        guard debug.isActive, !debug.isStepping else { return false }
        if debug.stop != nil { return true }
        guard let kind = debug.points.breaks(at: address) else { return false }
        stop(.breakpoint(kind))
        return true
    }

    /// An access outside the TLB has been made: if the debugger watches it, the core stops behind its instruction.
    @inline(__always)
    func noteAccess(_ address: UInt64, _ bytes: UInt64, _ access: DebugPoints.Access) {
        if debug.isActive { noteObserved(address, bytes, access) }
    }

    private func noteObserved(_ address: UInt64, _ bytes: UInt64, _ access: DebugPoints.Access) {
        guard let watch = debug.points.watch(address, bytes, access) else { return }
        state.pointee.blockEnd = 0
        stop(.watch(watch))
    }

    /// Whether instructions of the page have to be executed one by one.
    func isObservedCode(_ address: UInt64) -> Bool {
        debug.isActive && debug.points.breaks(inPageOf: address)
    }

    /// Whether accesses to the page have to come by the slow path.
    func isObserved(_ address: UInt64, write: Bool) -> Bool {
        debug.isActive && debug.points.watches(inPageOf: address, write ? .write : .read)
    }

    /// The page without the rights that a debugger wants to see used.
    func unobserved(_ mapping: PageMapping, _ address: UInt64) -> PageMapping {
        guard debug.isActive else { return mapping }
        var mapping = mapping
        if isObserved(address, write: false) { mapping.readable = false }
        if isObserved(address, write: true) { mapping.writable = false }
        if isObservedCode(address) { mapping.executable = false }
        return mapping
    }
}

extension Interpreter {
    /// Executes one instruction and tells the debugger so.
    func stepObserved() {
        s.pointee.isShadowed = false
        step()
        cpu.stop(.step)
    }
}
