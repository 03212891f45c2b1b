/// What a machine's processor sits on.
package enum MachineBoard: String, Codable, Sendable, CaseIterable {
    /// RISC-V: virtio devices and a device tree.
    case virt
    /// x86-64: a PC without its past; a kernel is started directly.
    case micro
    /// x86-64: a PC of 1996, with firmware that starts from a disk.
    case pc

    /// The board of a machine whose owner names none.
    package static func standard(_ arch: GuestArchitecture) -> MachineBoard {
        switch arch {
        case .riscv64: .virt
        case .x86: .micro
        }
    }

    package var arch: GuestArchitecture {
        switch self {
        case .virt: .riscv64
        case .micro, .pc: .x86
        }
    }
}
