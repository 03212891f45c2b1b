import Translator

/// The roles of host registers in emitted code.
///
/// `rbp` points into the core's state (`CoreLayout.anchor`), `rsp` at the host's stack, `r13` and `r14` are
/// scratch; the other twelve hold registers of the guest, nine of them under their own names, everywhere. Four
/// registers of the guest live in the state. In units whose mode has vectors XMM0 to XMM15 are the guest's.
enum HostRegisters {
    static let state = Register.rbp
    static let address = Register.r13
    static let scratch = Register.r14

    /// The home of a register that lives in the state: the host's own stack pointer, which is nobody's home.
    static let inMemory: UInt8 = 4

    /// The homes of the guest's sixteen registers, four bits each.
    private static let homes: UInt64 = 0x44FA_4498_76CB_3210

    @inline(__always)
    static func home(_ number: UInt8) -> UInt8 {
        UInt8(truncatingIfNeeded: homes >> UInt64((number & 15) * 4)) & 15
    }

    /// The guest's stack pointer.
    static let stack = Register.r11

    /// The guest's registers that have one of the host's.
    static let pinned: [UInt8] = (0..<16).filter { home($0) != inMemory }
}

/// What ModRM.rm names in emitted code: a register of the host, or memory at one.
struct Place: Equatable {
    let base: UInt8
    let isMemory: Bool
    let displacement: Int32

    @inline(__always)
    static func register(_ code: UInt8) -> Place { Place(base: code, isMemory: false, displacement: 0) }

    @inline(__always)
    static func register(_ register: Register) -> Place { .register(register.code) }

    /// A field of the state.
    @inline(__always)
    static func state(_ displacement: Int32) -> Place {
        Place(base: HostRegisters.state.code, isMemory: true, displacement: displacement)
    }

    /// What the guest's operand in memory is found as, so far from where `r13` points.
    @inline(__always)
    static func operand(_ displacement: Int32) -> Place {
        Place(base: HostRegisters.address.code, isMemory: true, displacement: displacement)
    }

    /// A general register of the guest.
    @inline(__always)
    static func guest(_ number: UInt8) -> Place {
        let home = HostRegisters.home(number)
        return home == HostRegisters.inMemory ? .state(CoreLayout.register(number)) : .register(home)
    }
}
