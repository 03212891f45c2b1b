/// The numbers of the control and status registers that the hart has (privileged spec, "CSR Listing").
package enum RegisterNumber {
    package static let fflags: UInt16 = 0x001
    package static let frm: UInt16 = 0x002
    package static let fcsr: UInt16 = 0x003

    package static let cycle: UInt16 = 0xC00
    package static let time: UInt16 = 0xC01
    package static let instret: UInt16 = 0xC02
    package static let lastCounter: UInt16 = 0xC1F

    package static let sstatus: UInt16 = 0x100
    package static let sie: UInt16 = 0x104
    package static let stvec: UInt16 = 0x105
    package static let scounteren: UInt16 = 0x106
    package static let senvcfg: UInt16 = 0x10A
    package static let sscratch: UInt16 = 0x140
    package static let sepc: UInt16 = 0x141
    package static let scause: UInt16 = 0x142
    package static let stval: UInt16 = 0x143
    package static let sip: UInt16 = 0x144
    package static let stimecmp: UInt16 = 0x14D
    package static let satp: UInt16 = 0x180

    package static let mvendorid: UInt16 = 0xF11
    package static let marchid: UInt16 = 0xF12
    package static let mimpid: UInt16 = 0xF13
    package static let mhartid: UInt16 = 0xF14
    package static let mconfigptr: UInt16 = 0xF15

    package static let mstatus: UInt16 = 0x300
    package static let misa: UInt16 = 0x301
    package static let medeleg: UInt16 = 0x302
    package static let mideleg: UInt16 = 0x303
    package static let mie: UInt16 = 0x304
    package static let mtvec: UInt16 = 0x305
    package static let mcounteren: UInt16 = 0x306
    package static let menvcfg: UInt16 = 0x30A
    package static let mcountinhibit: UInt16 = 0x320
    package static let firstEvent: UInt16 = 0x323
    package static let lastEvent: UInt16 = 0x33F
    package static let mscratch: UInt16 = 0x340
    package static let mepc: UInt16 = 0x341
    package static let mcause: UInt16 = 0x342
    package static let mtval: UInt16 = 0x343
    package static let mip: UInt16 = 0x344

    package static let pmpcfg0: UInt16 = 0x3A0
    package static let pmpcfg2: UInt16 = 0x3A2
    package static let pmpaddr0: UInt16 = 0x3B0
    package static let pmpaddr15: UInt16 = 0x3BF

    /// Triggers: none is implemented, which tdata1 = 0 says.
    package static let tselect: UInt16 = 0x7A0
    package static let tinfo: UInt16 = 0x7A4

    package static let mcycle: UInt16 = 0xB00
    package static let minstret: UInt16 = 0xB02
    package static let firstMachineCounter: UInt16 = 0xB03
    package static let lastMachineCounter: UInt16 = 0xB1F
}

/// What a change of a CSR means for an engine that has cached something derived from it.
package struct RegisterEffects: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `satp`: another address space, or another paging mode.
    package static let addressSpace = RegisterEffects(rawValue: 1 << 0)
    /// MPRV, MPP, SUM or MXR: loads and stores may have other rights.
    package static let dataPrivilege = RegisterEffects(rawValue: 1 << 1)
    /// PMP, or what page-table entries mean (`menvcfg`): nothing cached from a walk holds.
    package static let protection = RegisterEffects(rawValue: 1 << 2)
    /// Something was enabled, delegated or made pending: look for interrupts before the next instruction.
    package static let interrupts = RegisterEffects(rawValue: 1 << 3)
    /// The FS field.
    package static let floatingPoint = RegisterEffects(rawValue: 1 << 4)
    /// The accrued flags or the dynamic rounding mode were written.
    package static let rounding = RegisterEffects(rawValue: 1 << 5)
    /// A counter was written, inhibited or enabled.
    package static let counters = RegisterEffects(rawValue: 1 << 6)
}
