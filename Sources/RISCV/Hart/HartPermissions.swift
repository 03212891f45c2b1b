import CLinux

// What the privileged instructions are allowed to do in the current mode. Every engine asks here.
extension Hart {
    /// MRET and SRET: false where illegal. Interrupts may be enabled afterwards, so `attend` comes next.
    package func returnFromTrap(_ op: Opcode) -> Bool {
        let done = op == .mret ? state.returnFromMachineTrap() : state.returnFromSupervisorTrap()
        if done, state.interruptToTake != nil { viv_store32(state.exitRequest, 1) }
        return done
    }

    /// WFI: illegal in user mode, and in supervisor mode while TW is set.
    package var mayWait: Bool {
        switch state.privilege {
        case .machine: true
        case .supervisor: state.pointee.mstatus & Status.tw == 0
        case .user: false
        }
    }

    /// The address-translation fences; those that name what to forget obey TVM.
    package func mayFence(_ op: Opcode) -> Bool {
        switch state.privilege {
        case .machine: true
        case .supervisor:
            op == .sfenceWInval || op == .sfenceInvalIR || state.pointee.mstatus & Status.tvm == 0
        case .user: false
        }
    }

    /// Cache-block operations, which `menvcfg` allows to supervisor and user mode, and `senvcfg` to user
    /// mode.
    package func mayManageBlocks(_ op: Opcode) -> Bool {
        let bits =
            switch op {
            case .cboZero: EnvironmentConfiguration.cbze
            case .cboInval: EnvironmentConfiguration.cbie
            default: EnvironmentConfiguration.cbcfe
            }
        return switch state.privilege {
        case .machine: true
        case .supervisor: state.pointee.menvcfg & bits != 0
        case .user: state.pointee.menvcfg & state.pointee.senvcfg & bits != 0
        }
    }
}
