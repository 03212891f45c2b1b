import Devices
import Disks
import Machine
import Model

/// Puts devices at their ports.
struct PCAttachment {
    let ports: AddressSpace
    let interrupts: PCInterrupts
    let parts: X86BoardParts
    let visibleMemory: UInt64
    private var slots = PCISlots()

    init(ports: AddressSpace, interrupts: PCInterrupts, parts: X86BoardParts, visibleMemory: UInt64) {
        (self.ports, self.interrupts, self.parts) = (ports, interrupts, parts)
        self.visibleMemory = visibleMemory
    }

    func interruptControllers(_ pic: PIC) throws {
        try ports.attach(pic.firstPorts, name: "first PIC", at: PCMap.Port.firstPIC, size: 2)
        try ports.attach(pic.secondPorts, name: "second PIC", at: PCMap.Port.secondPIC, size: 2)
        try ports.attach(pic.triggerPorts, name: "interrupt triggers", at: PCMap.Port.trigger, size: 2)
    }

    func timers(_ clock: CMOSClock) throws {
        let alarm = parts.alarm
        let number = Expiry()
        let pit = PIT(
            clock: parts.links.clock, interrupt: interrupts.line(PCMap.Interrupt.timer),
            schedule: { alarm.set(number.value, to: $0) })
        number.value = alarm.add { pit.timerExpired() }
        try ports.attach(pit.counterPorts, name: "timer", at: PCMap.Port.counters, size: 4)
        try ports.attach(pit.speakerPort, name: "speaker", at: PCMap.Port.speaker, size: 1)
        try ports.attach(clock, name: "clock", at: PCMap.Port.clock, size: CMOSClock.size)
    }

    /// The number of the timer's alarm, which is known once there is a timer.
    private final class Expiry: @unchecked Sendable {
        // SAFETY: set once, before the core runs.
        var value = 0
    }

    func keyboard() throws -> KeyboardController {
        let (cores, power) = (parts.cores, parts.links.power)
        let keyboard = KeyboardController(
            interrupt: interrupts.line(PCMap.Interrupt.keyboard),
            mouseInterrupt: interrupts.line(PCMap.Interrupt.mouse), requestReset: { power(.reset) },
            setLine20: { line in for core in cores { core.setA20(line) } })
        try ports.attach(keyboard.dataPort, name: "keyboard", at: PCMap.Port.keyboardData, size: 1)
        try ports.attach(
            keyboard.commandPort, name: "keyboard control", at: PCMap.Port.keyboardCommand, size: 1)
        return keyboard
    }

    func controls() throws {
        let (cores, power) = (parts.cores, parts.links.power)
        let requestReset: @Sendable () -> Void = { power(.reset) }
        let setLine20: @Sendable (Bool) -> Void = { line in for core in cores { core.setA20(line) } }
        let control = SystemControlPort(requestReset: requestReset, setLine20: setLine20)
        try ports.attach(control, name: "system control", at: PCMap.Port.systemControl, size: 1)
        let management = PowerManagement(clock: parts.links.clock, request: power)
        try ports.attach(
            management, name: "power management", at: PCMap.Port.powerManagement, size: PowerManagement.size)
        try ports.attach(
            management.commandPorts, name: "management command", at: PCMap.Port.managementCommand, size: 2)
    }

    /// Two channels, which the board's IDE function has as its bus master, too.
    mutating func disks() throws {
        let drives = try PCDrives(parts.spec)
        let reportError = reportError
        func channel(_ number: Int, _ interrupt: Int) -> IDEChannel {
            IDEChannel(
                interrupt: interrupts.line(interrupt), memory: parts.memory,
                drives: Array(drives.ide[2 * number..<2 * number + 2]), reportError: reportError)
        }
        let first = channel(0, PCMap.Interrupt.firstIDE)
        let second = channel(1, PCMap.Interrupt.secondIDE)
        try ports.attach(first.commandPorts, name: "first IDE", at: PCMap.Port.firstIDE, size: 8)
        try ports.attach(
            first.controlPort, name: "first IDE control", at: PCMap.Port.firstIDEControl, size: 1)
        try ports.attach(second.commandPorts, name: "second IDE", at: PCMap.Port.secondIDE, size: 8)
        try ports.attach(
            second.controlPort, name: "second IDE control", at: PCMap.Port.secondIDEControl, size: 1)
        slots.plug(PCFunctions.ide(first, second), device: 1, function: 1)
    }

    /// Virtio devices in the bus's free places, in their order.
    mutating func virtio(_ apics: APICs) throws -> [VirtioPCI] {
        try parts.virtio.map { device in
            guard let place = slots.take() else {
                throw MachineError(.refused, "the pc board has no room for so many devices")
            }
            let transport = try VirtioPCI(
                device, memory: parts.memory, interrupt: interrupts.routes.line(device: place),
                send: { [bus = apics.bus] in bus.write($0, $1) })
            slots.plug(transport.function(), device: place)
            return transport
        }
    }

    func floppy() throws {
        let dma = DMAController(memory: parts.memory)
        try ports.attach(dma.firstPorts, name: "first DMA", at: PCMap.Port.firstDMA, size: 16)
        try ports.attach(dma.pagePorts, name: "DMA pages", at: PCMap.Port.pagesDMA, size: 16)
        try ports.attach(dma.secondPorts, name: "second DMA", at: PCMap.Port.secondDMA, size: 32)
        let controller = FloppyController(
            interrupt: interrupts.line(PCMap.Interrupt.floppy), dma: dma,
            disk: try VirtualDisks.images(parts.spec.floppies).first, reportError: reportError)
        try ports.attach(controller.ports, name: "floppy", at: PCMap.Port.floppy, size: 6)
        try ports.attach(controller.ratePort, name: "floppy rate", at: PCMap.Port.floppyRate, size: 1)
    }

    private var reportError: @Sendable (DiskError) -> Void {
        { [panel = parts.panel] in panel.report(.diskError("\($0)")) }
    }

    /// The bus itself, with everything that has been plugged in.
    mutating func pci(_ bus: AddressSpace, screen: PCScreen?) throws {
        if let screen {
            slots.plug(screen.card.function(firmware: screen.firmware), device: PCISlots.display)
        }
        slots.plug(PCFunctions.hostBridge, device: 0)
        slots.plug(PCFunctions.isaBridge(interrupts.routes), device: 1)
        slots.plug(PCFunctions.powerManagement, device: 1, function: 3)
        let host = PCIHost(
            functions: slots.functions, requestReset: { [power = parts.links.power] in power(.reset) })
        try ports.attach(host, name: "PCI", at: PCMap.Port.pci, size: PCIHost.size)
        ports.otherwise = host.ports
        bus.otherwise = host.memory
    }

    func serialPorts(_ first: SerialPort) throws {
        try ports.attach(first, name: "serial", at: PCMap.Port.firstSerial, size: 8)
        // The second one leads nowhere.
        let second = SerialPort(
            interrupt: interrupts.line(PCMap.Interrupt.secondSerial), transmit: { _ in })
        try ports.attach(second, name: "second serial", at: PCMap.Port.secondSerial, size: 8)
    }

    func firmwareDevices() throws {
        let configuration = PCConfiguration.device(parts.spec, memory: visibleMemory)
        try ports.attach(
            configuration, name: "firmware configuration", at: PCMap.Port.configuration,
            size: FirmwareConfiguration.size)
        try ports.attach(DebugPort(transmit: { _ in }), name: "debug", at: PCMap.Port.debug, size: 1)
    }
}
