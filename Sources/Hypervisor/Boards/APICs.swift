import Devices
import Machine
import X86

/// The local APICs of all cores and the I/O APIC, joined to each other and to the cores.
struct APICs: Sendable {
    let outer: IOAPIC
    let bus = APICBus()
    private let locals: [LocalAPIC]

    /// MSR numbers (Intel SDM volume 4).
    private enum Register {
        static let base: UInt32 = 0x1B
        static let deadline: UInt32 = 0x6E0
    }

    /// - Parameter acknowledge: takes an interrupt of a controller besides these, for the first core; the APICs come
    ///   first.
    init(_ cores: [Core], _ clock: any Clock, acknowledge: @escaping () -> UInt8? = { nil }) {
        let bus = bus
        let outer = IOAPIC { [weak bus] message in bus?.send(message) }
        self.outer = outer
        locals = cores.map { Self.local($0, clock, bus, outer) }
        for (core, local) in zip(cores, locals) {
            bus.join(local)
            core.siblings = cores.count
            core.controller = Self.interface(local, core, core.id == 0 ? acknowledge : { nil })
        }
    }

    /// As after power-on. No core runs.
    func reset() { for local in locals { local.reset() } }

    private static func local(_ core: Core, _ clock: any Clock, _ bus: APICBus, _ outer: IOAPIC) -> LocalAPIC
    {
        LocalAPIC(
            identifier: core.id, clock: clock,
            ticksPerCount: Identification.timeStampFrequency / Identification.crystalFrequency,
            interrupt: InterruptLine { core.signal(CoreSignal.interrupt, $0) },
            schedule: { core.setTimer($0) },
            endOfInterrupt: { [weak outer] in outer?.endOfInterrupt($0) },
            send: { [weak bus] message, sender in bus?.send(message, from: sender) },
            signal: { signal in
                switch signal {
                case .nonMaskable: core.signal(CoreSignal.nonMaskable, true)
                case .initialise: core.signal(CoreSignal.initialise, true)
                case .startUp(let page): core.startUp(page: page)
                }
            })
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
        controller.window = { local.window }
        controller.readWindow = { local.read(at: $0, width: $1) }
        controller.writeWindow = { local.write(at: $0, width: $1, $2) }
        controller.readMSR = { number in
            switch number {
            case Register.base: local.base
            case Register.deadline: deadline
            default: local.read(register: number)
            }
        }
        controller.writeMSR = { [unowned core] number, value in
            switch number {
            case Register.base: return local.setBase(value)
            case Register.deadline:
                deadline = value
                let tick = value == 0 ? 0 : max(value &- core.state.pointee.tscOffset, 1)
                local.setDeadline(tick)
                return true
            default: return local.write(register: number, value)
            }
        }
        return controller
    }
}
