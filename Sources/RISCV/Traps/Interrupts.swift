import CLinux

/// A source of interrupts to a hart; raw values are the exception codes, which are also the bits of `mip`.
package enum InterruptSource: UInt8, CaseIterable, Sendable {
    case supervisorSoftware = 1
    case machineSoftware = 3
    case supervisorTimer = 5
    case machineTimer = 7
    case supervisorExternal = 9
    case machineExternal = 11
}

/// Sets of interrupts as bits of `mip` and `mie`.
package enum Interrupts {
    package static let ssi: UInt64 = 1 << 1
    package static let msi: UInt64 = 1 << 3
    package static let sti: UInt64 = 1 << 5
    package static let mti: UInt64 = 1 << 7
    package static let sei: UInt64 = 1 << 9
    package static let mei: UInt64 = 1 << 11
    package static let supervisor = ssi | sti | sei
    package static let all = supervisor | msi | mti | mei
    /// From the most to the least urgent.
    static let byPriority: InlineArray<6, UInt64> = [mei, msi, mti, sei, ssi, sti]
}

extension HartPointer {
    /// All pending bits, those of wires and those of software.
    @inline(__always)
    package var pendingInterrupts: UInt64 { viv_load64(mip) | viv_load64(interruptLines) }

    /// Whether an interrupt is both pending and enabled in `mie`, which is what ends WFI.
    package var hasWakingInterrupt: Bool { pendingInterrupts & pointee.mie != 0 }

    /// The exception code of the interrupt to take before the next instruction, if there is one (privileged
    /// spec, "Machine Interrupt Registers": machine level first, then by priority).
    package var interruptToTake: UInt8? {
        let pending = pendingInterrupts & pointee.mie
        guard pending != 0 else { return nil }
        let status = pointee.mstatus
        if privilege < .machine || status & Status.mie != 0,
            let code = mostUrgent(pending & ~pointee.mideleg)
        {
            return code
        }
        if privilege < .supervisor || (privilege == .supervisor && status & Status.sie != 0) {
            return mostUrgent(pending & pointee.mideleg)
        }
        return nil
    }

    private func mostUrgent(_ pending: UInt64) -> UInt8? {
        for index in 0..<Interrupts.byPriority.count where pending & Interrupts.byPriority[index] != 0 {
            return UInt8(truncatingIfNeeded: Interrupts.byPriority[index].trailingZeroBitCount)
        }
        return nil
    }

    /// Drives a pending bit from any thread. SSIP is software's own bit, which a wire merely sets or clears.
    package func drive(_ source: InterruptSource, _ asserted: Bool) {
        let bit: UInt64 = 1 << UInt64(source.rawValue)
        let target = source == .supervisorSoftware ? mip : interruptLines
        if asserted { _ = viv_fetch_or64(target, bit) } else { _ = viv_fetch_and64(target, ~bit) }
    }

    // The addresses of shared fields, for atomic operations.

    @inline(__always)
    var exitRequest: UnsafeMutableRawPointer { address(of: &pointee.core.exitRequest) }
    @inline(__always)
    var mip: UnsafeMutableRawPointer { address(of: &pointee.mip) }
    @inline(__always)
    var interruptLines: UnsafeMutableRawPointer { address(of: &pointee.interruptLines) }
    @inline(__always)
    var mtimecmp: UnsafeMutableRawPointer { address(of: &pointee.mtimecmp) }

    /// The state never moves, so the address outlives the call.
    @inline(__always)
    private func address<Field>(of field: UnsafeMutablePointer<Field>) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(field)
    }
}
