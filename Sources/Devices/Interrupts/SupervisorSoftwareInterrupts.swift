import Machine

/// The SSWI device of the RISC-V ACLINT Specification 1.0, section 4: writing 1 to a hart's word raises
/// its supervisor software interrupt, which the hart itself clears in `sip`. The words always read as zero.
package final class SupervisorSoftwareInterrupts: DescribedDevice {
    private let harts: Int
    private let raise: @Sendable (_ hart: Int) -> Void

    /// `raise` sets `mip.SSIP` of a hart; called on the thread of the vCPU that writes.
    package init(harts: Int, raise: @escaping @Sendable (_ hart: Int) -> Void) {
        self.harts = harts
        self.raise = raise
    }

    package var description: DeviceDescription {
        DeviceDescription(
            name: "sswi", compatible: ["riscv,aclint-sswi"], size: 0x4000, interrupts: false,
            properties: [.init("#interrupt-cells", .cells([0])), .init("interrupt-controller", .flag)])
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 { 0 }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard width == .word, offset & 3 == 0, offset / 4 < UInt64(harts), value & 1 != 0 else { return }
        raise(Int(offset / 4))
    }

    package func reset() {}
}
