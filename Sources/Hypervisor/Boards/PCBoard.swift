import Devices
import Disks
import Host
import Machine
import X86

/// The `pc` board: a PC of 1996 with APICs, as far as firmware and old kernels need it. What firmware cannot find out
/// for itself it reads from the configuration device.
final class PCBoard: X86Board {
    let serial: SerialPort
    let clock: CMOSClock
    private let bus: AddressSpace
    private let ports: AddressSpace

    private let memory: GuestMemory
    private let plan: PCBootPlan
    /// Not on this board, but the machine's second console wants its other end.
    private let unused: [any VirtioDevice]

    /// Puts the devices on the buses and joins the interrupt controllers to the core.
    init(_ parts: X86BoardParts, _ plan: PCBootPlan) throws {
        (bus, ports, memory) = (parts.bus, parts.ports, parts.memory)
        self.plan = plan
        unused = parts.virtio
        let (core, links) = (parts.cores[0], parts.links)
        let pic = PIC(interrupt: InterruptLine { core.signal(CoreSignal.external, $0) })
        let apics = APICPair(core, links.clock) { pic.acknowledge() }
        let interrupts = Interrupts(pic: pic, outer: apics.outer)
        serial = SerialPort(
            interrupt: interrupts.line(PCMap.Interrupt.firstSerial), transmit: links.transmit,
            wantsInput: links.wantsInput)
        clock = CMOSClock(
            interrupt: interrupts.line(PCMap.Interrupt.clock),
            contents: PCConfiguration.memorySizes(parts.memory.size), schedule: links.scheduleAlarm)
        let attach = Attachment(ports: ports, interrupts: interrupts, parts: parts)
        try attach.interruptControllers(pic)
        try attach.timers(clock)
        try attach.controls()
        try attach.disks()
        try attach.serialPorts(serial)
        try attach.firmwareDevices()
        try bus.attach(apics.local, name: "local APIC", at: PCMap.localAPIC, size: LocalAPIC.windowSize)
        try bus.attach(apics.outer, name: "I/O APIC", at: PCMap.ioAPIC, size: IOAPIC.windowSize)
        let size = UInt64(plan.firmware.count)
        try bus.attach(ROM(plan.firmware), name: "firmware", at: PCMap.firmwareEnd - size, size: size)
    }

    func load() -> X86Start {
        plan.load(into: memory)
        return .reset
    }

    func reset() {
        bus.reset()
        ports.reset()
    }

    /// Disks are moved by the cores, which do not run then.
    func pause() {}

    func resume() {}
}

/// Both worlds of interrupt controllers: what drives an ISA interrupt drives the 8259s and the I/O APIC.
private struct Interrupts {
    let pic: PIC
    let outer: IOAPIC

    func line(_ number: Int) -> InterruptLine {
        let old = pic.line(number)
        // The timer is at input 2, as the input of that number leads to the second 8259.
        let new = outer.line(number == PCMap.Interrupt.timer ? 2 : number)
        return InterruptLine { asserted in
            old.set(asserted)
            new.set(asserted)
        }
    }
}

/// Puts devices at their ports.
private struct Attachment {
    let ports: AddressSpace
    let interrupts: Interrupts
    let parts: X86BoardParts

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

    func controls() throws {
        let (cores, power) = (parts.cores, parts.links.power)
        let requestReset: @Sendable () -> Void = { power(.reset) }
        let setLine20: @Sendable (Bool) -> Void = { line in for core in cores { core.setA20(line) } }
        let keyboard = KeyboardController(
            interrupt: interrupts.line(PCMap.Interrupt.keyboard), requestReset: requestReset,
            setLine20: setLine20)
        try ports.attach(keyboard.dataPort, name: "keyboard", at: PCMap.Port.keyboardData, size: 1)
        try ports.attach(
            keyboard.commandPort, name: "keyboard control", at: PCMap.Port.keyboardCommand, size: 1)
        let control = SystemControlPort(requestReset: requestReset, setLine20: setLine20)
        try ports.attach(control, name: "system control", at: PCMap.Port.systemControl, size: 1)
        let pci = PCIHost(functions: PCFunctions.all, requestReset: requestReset)
        try ports.attach(pci, name: "PCI", at: PCMap.Port.pci, size: PCIHost.size)
        let management = PowerManagement(clock: parts.links.clock, request: power)
        try ports.attach(
            management, name: "power management", at: PCMap.Port.powerManagement, size: PowerManagement.size)
        try ports.attach(
            management.commandPorts, name: "management command", at: PCMap.Port.managementCommand, size: 2)
    }

    func disks() throws {
        let disks = try VirtualDisks.images(parts.spec)
        let reportError: @Sendable (DiskError) -> Void = { [panel = parts.panel] in
            panel.report(.diskError("\($0)"))
        }
        let first = IDEChannel(
            interrupt: interrupts.line(PCMap.Interrupt.firstIDE), disks: Array(disks.prefix(2)),
            reportError: reportError)
        let second = IDEChannel(
            interrupt: interrupts.line(PCMap.Interrupt.secondIDE),
            disks: Array(disks.dropFirst(2).prefix(2)), reportError: reportError)
        try ports.attach(first.commandPorts, name: "first IDE", at: PCMap.Port.firstIDE, size: 8)
        try ports.attach(
            first.controlPort, name: "first IDE control", at: PCMap.Port.firstIDEControl, size: 1)
        try ports.attach(second.commandPorts, name: "second IDE", at: PCMap.Port.secondIDE, size: 8)
        try ports.attach(
            second.controlPort, name: "second IDE control", at: PCMap.Port.secondIDEControl, size: 1)
    }

    func serialPorts(_ first: SerialPort) throws {
        try ports.attach(first, name: "serial", at: PCMap.Port.firstSerial, size: 8)
        // The second one leads nowhere.
        let second = SerialPort(
            interrupt: interrupts.line(PCMap.Interrupt.secondSerial), transmit: { _ in })
        try ports.attach(second, name: "second serial", at: PCMap.Port.secondSerial, size: 8)
    }

    func firmwareDevices() throws {
        let configuration = PCConfiguration.device(memory: parts.memory.size)
        try ports.attach(
            configuration, name: "firmware configuration", at: PCMap.Port.configuration,
            size: FirmwareConfiguration.size)
        try ports.attach(DebugPort(transmit: { _ in }), name: "debug", at: PCMap.Port.debug, size: 1)
    }
}
