/// Why an instruction did not complete; raw values are the exception codes of `mcause`.
package enum ExceptionCause: UInt8, Sendable {
    case instructionMisaligned = 0
    case instructionAccessFault = 1
    case illegalInstruction = 2
    case breakpoint = 3
    case loadMisaligned = 4
    case loadAccessFault = 5
    case storeMisaligned = 6
    case storeAccessFault = 7
    case callFromUser = 8
    case callFromSupervisor = 9
    case callFromMachine = 11
    case instructionPageFault = 12
    case loadPageFault = 13
    case storePageFault = 15
}

/// An exception: its cause, and the value for `mtval` or `stval`.
package struct Trap: Error, Equatable, Sendable {
    package let cause: ExceptionCause
    package let value: UInt64

    package init(_ cause: ExceptionCause, _ value: UInt64) {
        self.cause = cause
        self.value = value
    }

    /// The instruction is not legal here; its encoding goes to `mtval`.
    package static func illegal(_ instruction: Instruction) -> Trap {
        Trap(.illegalInstruction, UInt64(instruction.raw))
    }
}

/// What an access wants to do with memory.
package enum Access: UInt8, Sendable {
    case read, write, execute

    /// The page table forbids it.
    package func pageFault(_ address: UInt64) -> Trap {
        switch self {
        case .read: Trap(.loadPageFault, address)
        case .write: Trap(.storePageFault, address)
        case .execute: Trap(.instructionPageFault, address)
        }
    }

    /// Physical memory forbids it, or is not there.
    package func accessFault(_ address: UInt64) -> Trap {
        switch self {
        case .read: Trap(.loadAccessFault, address)
        case .write: Trap(.storeAccessFault, address)
        case .execute: Trap(.instructionAccessFault, address)
        }
    }
}
