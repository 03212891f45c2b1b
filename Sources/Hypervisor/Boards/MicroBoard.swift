import Devices
import Firmware
import Host
import Machine
import X86

/// The `micro` board: APICs, a serial port, power, and virtio devices; ACPI tables tell of them all.
final class MicroBoard: Sendable {
    let serial: SerialPort
    private let bus: AddressSpace
    private let ports: AddressSpace
    private let virtio: [VirtioMMIO]

    /// Puts the devices on the buses, which are empty so far, and joins the APIC to the core.
    init(
        bus: AddressSpace, ports: AddressSpace, memory: GuestMemory, core: Core, links: BoardLinks,
        virtio devices: [any VirtioDevice]
    ) throws {
        self.bus = bus
        self.ports = ports
        let controllers = Controllers(core, links.clock)
        serial = SerialPort(
            interrupt: controllers.outer.line(MicroMap.Interrupt.serial), transmit: links.transmit,
            wantsInput: links.wantsInput)
        var slots: [VirtioMMIO] = []
        for (slot, device) in devices.prefix(MicroMap.virtioSlots).enumerated() {
            let line = controllers.outer.line(MicroMap.Interrupt.firstVirtio + slot)
            slots.append(try VirtioMMIO(device, memory: memory, interrupt: line))
        }
        virtio = slots
        try bus.attach(
            controllers.local, name: "local APIC", at: MicroMap.localAPIC, size: LocalAPIC.windowSize)
        try bus.attach(controllers.outer, name: "I/O APIC", at: MicroMap.ioAPIC, size: IOAPIC.windowSize)
        for (slot, device) in slots.enumerated() {
            let address = MicroMap.virtio + UInt64(slot) * MicroMap.virtioStride
            try bus.attach(device, name: "virtio-\(slot)", at: address, size: MicroMap.virtioStride)
        }
        try ports.attach(serial, name: "serial", at: MicroMap.serial, size: MicroMap.serialSize)
        let power = SleepRegisters(request: links.power)
        try ports.attach(power, name: "power", at: MicroMap.power, size: SleepRegisters.size)
    }

    /// Returns every device to its state after power-on. The core does not run.
    func reset() {
        bus.reset()
        ports.reset()
    }

    /// Holds the devices still: on return none of them touches RAM. The core does not run.
    func pause() { for device in virtio { device.pause() } }

    func resume() { for device in virtio { device.resume() } }

    /// What the guest is told of the board.
    var tables: ACPITables {
        var tables = ACPITables()
        tables.localAPIC = UInt32(MicroMap.localAPIC)
        tables.ioAPIC = UInt32(MicroMap.ioAPIC)
        tables.sleepControl = UInt16(MicroMap.power + SleepRegisters.controlOffset)
        tables.sleepStatus = UInt16(MicroMap.power + SleepRegisters.statusOffset)
        tables.resetPort = UInt16(MicroMap.power + SleepRegisters.resetOffset)
        tables.resetValue = SleepRegisters.resetValue
        tables.powerOffType = SleepRegisters.powerOffType
        tables.devices = [
            ACPITables.ListedDevice(
                name: "COM1", identifier: "PNP0501", number: 0,
                place: .ports(UInt16(MicroMap.serial), count: UInt8(MicroMap.serialSize)),
                interrupt: UInt32(MicroMap.Interrupt.serial))
        ]
        for slot in virtio.indices {
            let address = UInt32(MicroMap.virtio + UInt64(slot) * MicroMap.virtioStride)
            tables.devices.append(
                ACPITables.ListedDevice(
                    name: "VR\(slot)", identifier: "LNRO0005", number: UInt64(slot),
                    place: .memory(address, size: UInt32(MicroMap.virtioStride)),
                    interrupt: UInt32(MicroMap.Interrupt.firstVirtio + slot)))
        }
        return tables
    }
}

/// The two interrupt controllers, joined to each other and to the core.
private struct Controllers {
    let local: LocalAPIC
    let outer: IOAPIC

    /// MSR numbers (Intel SDM volume 4).
    private enum Register {
        static let base: UInt32 = 0x1B
        static let deadline: UInt32 = 0x6E0
    }

    init(_ core: Core, _ clock: any Clock) {
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
        core.controller = Self.interface(local, core)
    }

    /// The I/O APIC, for messages back to it.
    private final class Feedback: @unchecked Sendable {
        // SAFETY: set once, before the core runs.
        weak var outer: IOAPIC?
    }

    private static func interface(_ local: LocalAPIC, _ core: Core) -> InterruptController {
        var controller = InterruptController()
        var deadline: UInt64 = 0
        controller.acknowledge = { local.acknowledge() }
        controller.taskPriority = { local.taskPriority }
        controller.setTaskPriority = { local.taskPriority = $0 }
        controller.timerExpired = {
            deadline = 0
            local.timerExpired()
        }
        controller.readMSR = { number in
            switch number {
            // Enabled, on the bootstrap processor, where it is.
            case Register.base: MicroMap.localAPIC | 1 << 11 | 1 << 8
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
