import Machine
import Synchronization

/// The platform-level interrupt controller on the bus: wires in from the devices, wires out to harts.
package final class PLIC: DescribedDevice {
    private let core: Mutex<PLICCore>
    private let outputs: InterruptOutputs

    /// `contexts` are the wires out: on RISC-V boards the machine and the supervisor external
    /// interrupt of hart 0, then of hart 1, and so on; at most 64.
    package init(contexts: [InterruptLine]) {
        core = Mutex(PLICCore(contexts: contexts.count))
        outputs = InterruptOutputs(contexts)
    }

    package var description: DeviceDescription {
        DeviceDescription(
            name: "plic", compatible: ["sifive,plic-1.0.0", "riscv,plic0"], size: 0x60_0000,
            interrupts: false,
            properties: [
                .init("#address-cells", .cells([0])),
                .init("#interrupt-cells", .cells([1])),
                .init("interrupt-controller", .flag),
                .init("riscv,ndev", .cells([UInt32(PLICCore.sourceCount - 1)])),
            ])
    }

    /// The wire in for `source`, 1–95; others lead nowhere.
    package func line(_ source: Int) -> InterruptLine {
        InterruptLine { [self] asserted in perform { $0.setLevel(source, asserted) } }
    }

    /// Registers are words: other widths read as zero and write nothing.
    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        guard width == .word else { return 0 }
        return UInt64(perform { $0.read(at: offset) })
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard width == .word else { return }
        perform { $0.write(at: offset, UInt32(truncatingIfNeeded: value)) }
    }

    package func reset() {
        perform { $0.reset() }
    }

    private func perform<Result>(_ body: (inout PLICCore) -> Result) -> Result {
        let (result, changed) = core.withLock { core in
            let before = core.outputs
            let result = body(&core)
            return (result, core.outputs != before)
        }
        if changed { outputs.drive { core.withLock { $0.outputs } } }
        return result
    }
}
