import Devices
import Machine
import X86

/// The local and the I/O APIC, joined to each other and to the core.
struct APICPair {
    let local: LocalAPIC
    let outer: IOAPIC

    /// MSR numbers (Intel SDM volume 4).
    private enum Register {
        static let base: UInt32 = 0x1B
        static let deadline: UInt32 = 0x6E0
    }

    /// - Parameter acknowledge: takes an interrupt of a controller besides these; the APICs come first.
    init(_ core: Core, _ clock: any Clock, acknowledge: @escaping () -> UInt8? = { nil }) {
        let back = Feedback()
        let local = LocalAPIC(
            identifier: core.id, clock: clock,
            ticksPerCount: Identification.timeStampFrequency / Identification.crystalFrequency,
            interrupt: InterruptLine { core.signal(CoreSignal.interrupt, $0) },
            schedule: { core.setTimer($0) },
            endOfInterrupt: { back.outer?.endOfInterrupt($0) })
        self.local = local
        outer = IOAPIC { local.accept($0, isLevel: $1) }
        back.outer = outer
        core.controller = Self.interface(local, core, acknowledge)
    }

    /// The I/O APIC, for messages back to it.
    private final class Feedback: @unchecked Sendable {
        // SAFETY: set once, before the core runs.
        weak var outer: IOAPIC?
    }

    private static func interface(
        _ local: LocalAPIC, _ core: Core, _ acknowledge: @escaping () -> UInt8?
    ) -> InterruptController {
        var controller = InterruptController()
        var deadline: UInt64 = 0
        controller.acknowledge = { local.acknowledge() ?? acknowledge() }
        controller.taskPriority = { local.taskPriority }
        controller.setTaskPriority = { local.taskPriority = $0 }
        controller.timerExpired = {
            deadline = 0
            local.timerExpired()
        }
        controller.readMSR = { number in
            switch number {
            // Enabled, on the bootstrap processor, where it is.
            case Register.base: LocalAPIC.address | 1 << 11 | 1 << 8
            case Register.deadline: deadline
            default: nil
            }
        }
        controller.writeMSR = { [unowned core] number, value in
            switch number {
            // It can be neither moved nor switched off.
            case Register.base: return true
            case Register.deadline:
                deadline = value
                let tick = value == 0 ? 0 : max(value &- core.state.pointee.tscOffset, 1)
                local.setDeadline(tick)
                return true
            default: return false
            }
        }
        return controller
    }
}
