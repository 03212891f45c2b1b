import Devices
import Firmware
import Host
import Machine
import X86

/// The `micro` board: APICs, a serial port, a real-time clock, power, and virtio devices; ACPI tables tell of them all.
final class MicroBoard: X86Board {
    let serial: SerialPort
    let clock: CMOSClock
    let seat: Seat? = nil
    private let bus: AddressSpace
    private let ports: AddressSpace
    private let virtio: [VirtioMMIO]
    /// Of its own; `nil` where the host has them.
    private let controllers: APICs?
    private let cores: Int
    private let memory: GuestMemory
    private let plan: MicroBootPlan

    /// Puts the devices on the buses and joins the APICs to the cores.
    init(_ parts: X86BoardParts, _ plan: MicroBootPlan) throws {
        let (memory, links) = (parts.memory, parts.links)
        (bus, ports) = (parts.bus, parts.ports)
        self.memory = memory
        self.plan = plan
        cores = parts.spec.cpus
        let controllers = parts.line == nil ? APICs(parts.cores, links.clock) : nil
        self.controllers = controllers
        let line = { (number: Int) in
            parts.line?(number) ?? controllers?.outer.line(number) ?? InterruptLine { _ in }
        }
        serial = SerialPort(
            interrupt: line(MicroMap.Interrupt.serial), transmit: links.transmit,
            wantsInput: links.wantsInput)
        clock = CMOSClock(
            interrupt: line(MicroMap.Interrupt.clock), schedule: links.scheduleAlarm)
        var slots: [VirtioMMIO] = []
        for (slot, device) in parts.virtio.prefix(MicroMap.virtioSlots).enumerated() {
            slots.append(
                try VirtioMMIO(
                    device, memory: memory, interrupt: line(MicroMap.Interrupt.firstVirtio + slot)))
        }
        virtio = slots
        if let controllers {
            try bus.attach(
                controllers.outer, name: "I/O APIC", at: MicroMap.ioAPIC, size: IOAPIC.windowSize)
        }
        for (slot, device) in slots.enumerated() {
            let address = MicroMap.virtio + UInt64(slot) * MicroMap.virtioStride
            try bus.attach(device, name: "virtio-\(slot)", at: address, size: MicroMap.virtioStride)
        }
        try ports.attach(serial, name: "serial", at: MicroMap.serial, size: MicroMap.serialSize)
        try ports.attach(clock, name: "clock", at: MicroMap.clock, size: CMOSClock.size)
        let power = SleepRegisters(request: links.power)
        try ports.attach(power, name: "power", at: MicroMap.power, size: SleepRegisters.size)
    }

    func load() throws -> X86Start {
        .linux(entry: try plan.load(into: memory, self, seed: Random.bytes(32)))
    }

    func reset() {
        controllers?.reset()
        bus.reset()
        ports.reset()
    }

    func pause() { for device in virtio { device.pause() } }

    func resume() { for device in virtio { device.resume() } }

    /// What the guest is told of the board.
    var tables: ACPITables {
        var tables = ACPITables()
        tables.cores = cores
        tables.localAPIC = UInt32(MicroMap.localAPIC)
        tables.ioAPIC = UInt32(MicroMap.ioAPIC)
        tables.sleepControl = UInt16(MicroMap.power + SleepRegisters.controlOffset)
        tables.sleepStatus = UInt16(MicroMap.power + SleepRegisters.statusOffset)
        tables.resetPort = UInt16(MicroMap.power + SleepRegisters.resetOffset)
        tables.resetValue = SleepRegisters.resetValue
        tables.powerOffType = SleepRegisters.powerOffType
        tables.centuryRegister = CMOSClock.centuryRegister
        tables.devices = [
            ACPITables.ListedDevice(
                name: "COM1", identifier: "PNP0501", number: 0,
                place: .ports(UInt16(MicroMap.serial), count: UInt8(MicroMap.serialSize)),
                interrupt: UInt32(MicroMap.Interrupt.serial)),
            ACPITables.ListedDevice(
                name: "RTC", identifier: "PNP0B00", number: 0,
                place: .ports(UInt16(MicroMap.clock), count: UInt8(CMOSClock.size)),
                interrupt: UInt32(MicroMap.Interrupt.clock)),
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
