import Machine

// Loads and stores of RV64I, F and D. Any alignment works, across pages as well.
extension Interpreter {
    func accessMemory(_ instruction: Instruction) throws(Trap) {
        let address = address(instruction)
        switch instruction.op {
        case .lb:
            setX(
                instruction.rd, UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: try load(address, .byte)))))
        case .lh:
            setX(
                instruction.rd, UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: try load(address, .half))))
            )
        case .lw: setX(instruction.rd, signExtended(try load(address, .word)))
        case .ld: setX(instruction.rd, try load(address, .double))
        case .lbu: setX(instruction.rd, try load(address, .byte))
        case .lhu: setX(instruction.rd, try load(address, .half))
        case .lwu: setX(instruction.rd, try load(address, .word))
        case .sb: try store(address, .byte, x(instruction.rs2))
        case .sh: try store(address, .half, x(instruction.rs2))
        case .sw: try store(address, .word, x(instruction.rs2))
        case .sd: try store(address, .double, x(instruction.rs2))
        default: try accessFloatMemory(instruction, address)
        }
    }

    private func accessFloatMemory(_ instruction: Instruction, _ address: UInt64) throws(Trap) {
        try requireFloat(instruction)
        switch instruction.op {
        case .flw: setF(instruction.rd, NaNBox.box(UInt32(truncatingIfNeeded: try load(address, .word))))
        case .fld: setF(instruction.rd, try load(address, .double))
        case .fsw: try store(address, .word, f(instruction.rs2))
        default: try store(address, .double, f(instruction.rs2))  // fsd
        }
    }

    // MARK: Virtual accesses

    /// Loads from a virtual address, zero-extended.
    package func load(_ address: UInt64, _ width: AccessWidth) throws(Trap) -> UInt64 {
        let count = UInt64(width.rawValue)
        let here = min(count, 4096 &- address & 0xFFF)
        let physical = try translate(address, count: here, .read)
        if here == count {
            guard let value = hart.loadPhysical(physical, width) else {
                throw Access.read.accessFault(address)
            }
            return value
        }
        let rest = address &+ here
        let restPhysical = try translate(rest, count: count &- here, .read)
        var value: UInt64 = 0
        for index in 0..<count {
            let place = index < here ? physical &+ index : restPhysical &+ (index &- here)
            guard let byte = hart.loadPhysical(place, .byte) else {
                throw Access.read.accessFault(index < here ? address : rest)
            }
            value |= byte << (8 * index)
        }
        return value
    }

    /// Stores the low bytes of `value` at a virtual address. No byte is written unless all can be.
    package func store(_ address: UInt64, _ width: AccessWidth, _ value: UInt64) throws(Trap) {
        let count = UInt64(width.rawValue)
        let here = min(count, 4096 &- address & 0xFFF)
        let physical = try translate(address, count: here, .write)
        if here == count {
            guard hart.storePhysical(physical, width, value) else { throw Access.write.accessFault(address) }
            return
        }
        let rest = address &+ here
        let restPhysical = try translate(rest, count: count &- here, .write)
        guard exists(physical) else { throw Access.write.accessFault(address) }
        guard exists(restPhysical) else { throw Access.write.accessFault(rest) }
        for index in 0..<count {
            let place = index < here ? physical &+ index : restPhysical &+ (index &- here)
            _ = hart.storePhysical(place, .byte, value >> (8 * index))
        }
    }

    private func exists(_ physical: UInt64) -> Bool {
        memory.contains(physical, 1) || hart.bus.isDevice(physical)
    }

    /// The physical address of `count` bytes within one page.
    func translate(_ address: UInt64, count: UInt64, _ access: Access) throws(Trap) -> UInt64 {
        try PageWalker.walk(state, memory, address, count: count, access, state.dataPrivilege).physical
    }
}
