import CLinux

// Zicsr, fences, cache-block operations and the privileged instructions.
extension Interpreter {
    /// Returns where the next instruction is.
    func system(_ instruction: Instruction) throws(Trap) -> UInt64 {
        switch instruction.op {
        case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci:
            let effects = try hart.executeRegisterAccess(instruction)
            if effects.contains(.interrupts) { viv_store32(state.exitRequest, 1) }
        case .fence: viv_fence()
        case .fenceI: break
        case .ecall: return try call(instruction)
        case .ebreak: throw Trap(.breakpoint, state.pointee.pc)
        case .mret, .sret:
            guard hart.returnFromTrap(instruction.op) else { throw .illegal(instruction) }
            return state.pointee.pc
        case .wfi:
            guard hart.mayWait else { throw .illegal(instruction) }
            hart.waitForInterrupt()
        case .sfenceVMA, .sinvalVMA, .sfenceWInval, .sfenceInvalIR:
            guard hart.mayFence(instruction.op) else { throw .illegal(instruction) }
            viv_fence()
        case .wrsNto, .wrsSto: hart.waitOnReservation()
        case .cboInval, .cboClean, .cboFlush, .cboZero: try cacheBlock(instruction)
        default: throw .illegal(instruction)
        }
        return next(instruction)
    }

    private func call(_ instruction: Instruction) throws(Trap) -> UInt64 {
        switch state.privilege {
        case .user: throw Trap(.callFromUser, 0)
        case .machine: throw Trap(.callFromMachine, 0)
        case .supervisor:
            guard let handler = hart.environmentCall, handler(hart) else {
                throw Trap(.callFromSupervisor, 0)
            }
            return next(instruction)
        }
    }

    /// Zicbom and Zicboz on blocks of 64 bytes. Memory is coherent: only zeroing does anything.
    private func cacheBlock(_ instruction: Instruction) throws(Trap) {
        guard hart.mayManageBlocks(instruction.op) else { throw .illegal(instruction) }
        let address = x(instruction.rs1)
        let block = address & ~63
        guard instruction.op == .cboZero else { return try checkManagement(address, block) }
        let physical = try translateBlock(address, block, .write)
        guard let pointer = memory.pointer(to: physical, count: 64) else {
            throw Access.write.accessFault(address)
        }
        for word in 0..<8 { viv_store64(pointer + 8 * word, 0) }
        memory.didWrite(physical, 64)
    }

    /// Management needs leave to read or to write; without either it fails like a store.
    private func checkManagement(_ address: UInt64, _ block: UInt64) throws(Trap) {
        if (try? translateBlock(address, block, .read)) != nil { return }
        _ = try translateBlock(address, block, .write)
    }

    /// Translates a block, reporting faults at the address that the instruction named.
    private func translateBlock(_ address: UInt64, _ block: UInt64, _ access: Access) throws(Trap) -> UInt64 {
        do throws(Trap) {
            return try translate(block, count: 64, access)
        } catch {
            throw Trap(error.cause, address)
        }
    }
}
