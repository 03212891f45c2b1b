/// The fields of `mstatus` (privileged spec, "Machine Status Registers"). The state holds the register
/// without SD, which is computed when it is read.
package enum Status {
    package static let sie: UInt64 = 1 << 1
    package static let mie: UInt64 = 1 << 3
    package static let spie: UInt64 = 1 << 5
    package static let mpie: UInt64 = 1 << 7
    package static let spp: UInt64 = 1 << 8
    package static let mpp: UInt64 = 3 << mppShift
    package static let mppShift: UInt64 = 11
    /// Floating-point unit: 0 off, 1 initial, 2 clean, 3 dirty.
    package static let fs: UInt64 = 3 << 13
    package static let mprv: UInt64 = 1 << 17
    package static let sum: UInt64 = 1 << 18
    package static let mxr: UInt64 = 1 << 19
    package static let tvm: UInt64 = 1 << 20
    package static let tw: UInt64 = 1 << 21
    package static let tsr: UInt64 = 1 << 22
    package static let uxl: UInt64 = 3 << 32
    package static let sxl: UInt64 = 3 << 34
    package static let sd: UInt64 = 1 << 63

    /// What software can change.
    static let writable = sie | mie | spie | mpie | spp | mpp | fs | mprv | sum | mxr | tvm | tw | tsr
    /// What `sstatus` lets software change.
    static let supervisorWritable = sie | spie | spp | fs | sum | mxr
}

/// The fields of `menvcfg` and `senvcfg`.
package enum EnvironmentConfiguration {
    package static let fiom: UInt64 = 1 << 0
    /// CBO.INVAL: 0 illegal, 1 does a flush, 3 invalidates.
    package static let cbie: UInt64 = 3 << 4
    package static let cbcfe: UInt64 = 1 << 6
    package static let cbze: UInt64 = 1 << 7
    package static let adue: UInt64 = 1 << 61
    package static let pbmte: UInt64 = 1 << 62
    package static let stce: UInt64 = 1 << 63

    static let supervisorWritable = fiom | cbie | cbcfe | cbze
    static let machineWritable = supervisorWritable | adue | pbmte | stce
}

/// The layout of `satp`.
package enum TranslationRegister {
    package static let modeShift: UInt64 = 60
    package static let asidShift: UInt64 = 44
    package static let rootMask: UInt64 = (1 << 44) - 1
}
