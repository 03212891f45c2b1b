import CLinux

// A: atomic instructions, atomic between harts because they are so on the host's memory. Acquire and release
// bits ask for less than the host gives anyway.
extension Interpreter {
    func atomic(_ instruction: Instruction) throws(Trap) {
        let isWord = instruction.op.rawValue < Opcode.lrD.rawValue
        switch instruction.op {
        case .lrW, .lrD: try loadReserved(instruction, count: isWord ? 4 : 8)
        case .scW, .scD: try storeConditional(instruction, count: isWord ? 4 : 8)
        default:
            let (pointer, physical) = try place(instruction, count: isWord ? 4 : 8, .write)
            let old = isWord ? word(instruction, pointer) : double(instruction, pointer)
            memory.didWrite(physical, isWord ? 4 : 8)
            setX(instruction.rd, old)
        }
    }

    /// Where an atomic access goes. It must be naturally aligned and in RAM.
    private func place(
        _ instruction: Instruction, count: UInt64, _ access: Access
    ) throws(Trap) -> (pointer: UnsafeMutableRawPointer, physical: UInt64) {
        let address = x(instruction.rs1)
        guard address & (count &- 1) == 0 else {
            throw Trap(access == .read ? .loadMisaligned : .storeMisaligned, address)
        }
        let physical = try translate(address, count: count, access)
        guard let pointer = memory.pointer(to: physical, count: count) else {
            throw access.accessFault(address)
        }
        return (pointer, physical)
    }

    private func loadReserved(_ instruction: Instruction, count: UInt64) throws(Trap) {
        let (pointer, physical) = try place(instruction, count: count, .read)
        let value = count == 4 ? UInt64(viv_load32(pointer)) : viv_load64(pointer)
        state.pointee.reservationAddress = physical
        state.pointee.reservationSize = UInt8(truncatingIfNeeded: count)
        state.pointee.reservationValue = value
        setX(instruction.rd, count == 4 ? signExtended(value) : value)
    }

    /// Succeeds where the last LR was, if memory still holds what that LR loaded.
    private func storeConditional(_ instruction: Instruction, count: UInt64) throws(Trap) {
        let (pointer, physical) = try place(instruction, count: count, .write)
        let isReserved =
            state.pointee.reservationAddress == physical && UInt64(state.pointee.reservationSize) == count
        state.pointee.reservationAddress = .max
        let expected = state.pointee.reservationValue
        let value = x(instruction.rs2)
        var succeeded = false
        if isReserved {
            succeeded =
                count == 4
                ? viv_compare_exchange32(
                    pointer, UInt32(truncatingIfNeeded: expected), UInt32(truncatingIfNeeded: value))
                : viv_compare_exchange64(pointer, expected, value)
        }
        if succeeded { memory.didWrite(physical, count) }
        setX(instruction.rd, succeeded ? 0 : 1)
    }

    /// A 32-bit AMO; returns the old value, sign-extended.
    private func word(_ instruction: Instruction, _ pointer: UnsafeMutableRawPointer) -> UInt64 {
        let value = UInt32(truncatingIfNeeded: x(instruction.rs2))
        let old =
            switch instruction.op {
            case .amoswapW: viv_exchange32(pointer, value)
            case .amoaddW: viv_fetch_add32(pointer, value)
            case .amoxorW: viv_fetch_xor32(pointer, value)
            case .amoandW: viv_fetch_and32(pointer, value)
            case .amoorW: viv_fetch_or32(pointer, value)
            default: replaceWord(instruction.op, pointer, value)
            }
        return signExtended(UInt64(old))
    }

    private func replaceWord(_ op: Opcode, _ pointer: UnsafeMutableRawPointer, _ value: UInt32) -> UInt32 {
        while true {
            let old = viv_load32(pointer)
            let isLess = Int32(bitPattern: old) < Int32(bitPattern: value)
            let new =
                switch op {
                case .amominW: isLess ? old : value
                case .amomaxW: isLess ? value : old
                case .amominuW: min(old, value)
                default: max(old, value)  // amomaxuW
                }
            if viv_compare_exchange32(pointer, old, new) { return old }
        }
    }

    /// A 64-bit AMO; returns the old value.
    private func double(_ instruction: Instruction, _ pointer: UnsafeMutableRawPointer) -> UInt64 {
        let value = x(instruction.rs2)
        return switch instruction.op {
        case .amoswapD: viv_exchange64(pointer, value)
        case .amoaddD: viv_fetch_add64(pointer, value)
        case .amoxorD: viv_fetch_xor64(pointer, value)
        case .amoandD: viv_fetch_and64(pointer, value)
        case .amoorD: viv_fetch_or64(pointer, value)
        default: replaceDouble(instruction.op, pointer, value)
        }
    }

    private func replaceDouble(_ op: Opcode, _ pointer: UnsafeMutableRawPointer, _ value: UInt64) -> UInt64 {
        while true {
            let old = viv_load64(pointer)
            let isLess = Int64(bitPattern: old) < Int64(bitPattern: value)
            let new =
                switch op {
                case .amominD: isLess ? old : value
                case .amomaxD: isLess ? value : old
                case .amominuD: min(old, value)
                default: max(old, value)  // amomaxuD
                }
            if viv_compare_exchange64(pointer, old, new) { return old }
        }
    }
}
