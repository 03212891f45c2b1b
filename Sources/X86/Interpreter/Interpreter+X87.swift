// The x87 unit (SDM vol. 1, chapter 8): control here, computation by the host on the guest's own registers.
extension Interpreter {
    func demandFPU() throws(Fault) {
        if s.pointee.cr0 & (Control.emulation | Control.taskSwitched) != 0 { throw .noFPU }
    }

    func x87(_ i: UnsafePointer<Instruction>) throws(Fault) {
        if i.pointee.op == .fwait {
            let both = Control.monitor | Control.taskSwitched
            if s.pointee.cr0 & both == both { throw .noFPU }
            return try demandNoException()
        }
        try demandFPU()
        let opcode = instructionOpcode(i)
        let modRM = i.pointee.extra
        if try control(i, opcode, modRM) { return }
        try demandNoException()
        if modRM >= 0xC0 { return try computeRegisters(opcode, modRM) }
        try computeMemory(i, opcode, modRM)
    }

    /// The low three bits of the escape opcode; the table has one encoding for each.
    private func instructionOpcode(_ i: UnsafePointer<Instruction>) -> UInt8 {
        EncodingTable.shared.encodings[Int(i.pointee.encoding)].opcode & 7
    }

    /// An unmasked exception waits for the next instruction that looks.
    private func demandNoException() throws(Fault) {
        let area = cpu.float
        if area.pointee.status & ~area.pointee.control & 0x3F != 0 { throw .math }
    }

    /// Instructions that deal with the environment. True when it was one.
    private func control(_ i: UnsafePointer<Instruction>, _ opcode: UInt8, _ modRM: UInt8) throws(Fault)
        -> Bool
    {
        let area = cpu.float
        switch (opcode, modRM) {
        case (3, 0xE2): area.pointee.status &= 0x7F00  // FNCLEX
        case (3, 0xE3): initializeUnit()  // FNINIT
        case (7, 0xE0): setRegister(0, 1, UInt64(statusWord))  // FNSTSW AX
        case (1, 0x28..<0x30), (1, 0x68..<0x70), (1, 0xA8..<0xB0):  // FLDCW
            area.pointee.control = UInt16(truncatingIfNeeded: try load(address(i), 1)) & 0x1F7F | 0x40
        case (1, 0x38..<0x40), (1, 0x78..<0x80), (1, 0xB8..<0xC0):  // FNSTCW
            try store(address(i), 1, UInt64(area.pointee.control))
        case (5, 0x38..<0x40), (5, 0x78..<0x80), (5, 0xB8..<0xC0):  // FNSTSW
            try store(address(i), 1, UInt64(statusWord))
        case (1, 0x20..<0x28), (1, 0x60..<0x68), (1, 0xA0..<0xA8): try loadEnvironment(i, tail: 0)
        case (1, 0x30..<0x38), (1, 0x70..<0x78), (1, 0xB0..<0xB8):
            try storeEnvironment(i, tail: 0)
            // FNSTENV masks everything.
            area.pointee.control |= 0x3F
        case (5, 0x20..<0x28), (5, 0x60..<0x68), (5, 0xA0..<0xA8): try restoreAll(i)
        case (5, 0x30..<0x38), (5, 0x70..<0x78), (5, 0xB0..<0xB8):
            try saveAll(i)
            initializeUnit()
        default: return false
        }
        return true
    }

    private func initializeUnit() {
        cpu.float.pointee.control = 0x37F
        setStatus(0)
        cpu.float.pointee.tags = 0
    }

    /// Registers are kept in the order of the stack: they turn with its top.
    func setStatus(_ status: UInt16) {
        let area = cpu.float
        let turn = Int(status >> 11 & 7) - Int(area.pointee.status >> 11 & 7)
        let old = area.pointee.stack
        for position in 0..<8 { area.pointee.stack[position] = old[(position + turn) & 7] }
        area.pointee.status = status
    }

    /// With the error summary and its copy, the busy bit.
    var statusWord: UInt16 {
        let area = cpu.float
        let pends = area.pointee.status & ~area.pointee.control & 0x3F != 0
        return area.pointee.status & 0x7F7F | (pends ? 0x8080 : 0)
    }

    /// Two bits a register: valid, zero, special, empty (SDM vol. 1, section 8.1.7).
    var fullTags: UInt16 {
        let top = Int(cpu.float.pointee.status >> 11 & 7)
        return (0..<8).reduce(UInt16(0)) { tags, physical in
            guard cpu.float.pointee.tags >> UInt8(physical) & 1 != 0 else {
                return tags | 3 << UInt16(2 * physical)
            }
            let value = cpu.float.pointee.stack[(physical - top) & 7]
            let exponent = value.high & 0x7FFF
            let isZero = exponent == 0 && value.low == 0
            let isValid = exponent != 0 && exponent != 0x7FFF && value.low >> 63 != 0
            return tags | (isZero ? 1 : isValid ? 0 : 2) << UInt16(2 * physical)
        }
    }

    // MARK: Computation

    private func computeRegisters(_ opcode: UInt8, _ modRM: UInt8) throws(Fault) {
        guard X87Piece.isDefined(opcode, modRM) else { throw .undefined }
        let result = try perform(opcode, modRM, cpu.scratch)
        // FCOMI and its like set flags; the rest leave them.
        if X87Piece.setsFlags(opcode, modRM) {
            s.setArithmetic(result & (Flag.carry | Flag.zero | Flag.parity))
        }
        if X87Piece.readsFlags(opcode, modRM) { return }
    }

    private func computeMemory(_ i: UnsafePointer<Instruction>, _ opcode: UInt8, _ modRM: UInt8) throws(Fault)
    {
        let digit = modRM >> 3 & 7
        guard let access = X87Piece.access(opcode, digit) else { throw .undefined }
        let place = address(i)
        guard Core.isCanonical(place &+ UInt64(access.bytes - 1)) else { throw Core.nonCanonical }
        if access.isWrite { try cpu.probeWrite(place, UInt64(access.bytes)) }
        let buffer = cpu.scratch
        if !access.isWrite {
            for offset in stride(from: 0, to: access.bytes, by: 2) {
                let half = UInt16(truncatingIfNeeded: try load(place &+ UInt64(offset), 1))
                buffer.storeBytes(of: half, toByteOffset: offset, as: UInt16.self)
            }
        }
        _ = try perform(opcode, digit << 3 | 6, buffer)
        guard access.isWrite, !writeIsHeldBack(before: 0) else { return }
        for offset in stride(from: 0, to: access.bytes, by: 2) {
            try store(
                place &+ UInt64(offset), 1, UInt64(buffer.load(fromByteOffset: offset, as: UInt16.self)))
        }
    }

    private func writeIsHeldBack(before: UInt16) -> Bool {
        cpu.float.pointee.status & ~cpu.float.pointee.control & 0x3F & ~before != 0
    }

    /// Runs one instruction on the host's x87 unit, which holds the guest's registers meanwhile, all exceptions
    /// masked: an unmasked one would strike the host.
    private func perform(_ opcode: UInt8, _ modRM: UInt8, _ buffer: UnsafeMutableRawPointer) throws(Fault)
        -> UInt64
    {
        guard let native = cpu.native else { throw .undefined }
        let piece = native.piece(X87Piece.key(opcode, modRM)) { X87Piece.bytes(opcode, modRM) }
        let area = cpu.float
        let control = area.pointee.control
        area.pointee.control = control | 0x3F
        let mxcsr = area.pointee.mxcsr
        area.pointee.mxcsr = 0x1F80
        var environment = NativeEnvironment()
        environment.unused = s.rflags & Flag.arithmetic
        let result = withUnsafeMutableBytes(of: &environment) {
            piece(UnsafeMutableRawPointer(area), buffer, $0.baseAddress.unsafelyUnwrapped)
        }
        area.pointee.control = control
        area.pointee.mxcsr = mxcsr
        area.pointee.mxcsrMask = 0xFFFF
        // Where the host executed it is nobody's business.
        area.pointee.instructionPointer = 0
        area.pointee.dataPointer = 0
        area.pointee.opcode = 0
        area.pointee.status &= 0x7F7F
        return result
    }
}
