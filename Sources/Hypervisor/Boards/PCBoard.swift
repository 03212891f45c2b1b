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
    let seat: Seat?
    private let bus: AddressSpace
    private let ports: AddressSpace
    private let apics: APICs

    private let memory: GuestMemory
    private let plan: PCBootPlan
    private let virtio: [VirtioPCI]

    /// Puts the devices on the buses and joins the interrupt controllers to the cores.
    init(_ parts: X86BoardParts, _ plan: PCBootPlan) throws {
        (bus, ports, memory) = (parts.bus, parts.ports, parts.memory)
        self.plan = plan
        let (core, links) = (parts.cores[0], parts.links)
        let pic = PIC(interrupt: InterruptLine { core.signal(CoreSignal.external, $0) })
        apics = APICs(parts.cores, links.clock) { pic.acknowledge() }
        let interrupts = PCInterrupts(pic: pic, outer: apics.outer)
        serial = SerialPort(
            interrupt: interrupts.line(PCMap.Interrupt.firstSerial), transmit: links.transmit,
            wantsInput: links.wantsInput)
        clock = CMOSClock(
            interrupt: interrupts.line(PCMap.Interrupt.clock),
            contents: PCConfiguration.contents(
                of: parts.spec, memory: plan.visibleMemory, floppySize: plan.floppySize),
            schedule: links.scheduleAlarm)
        memory.window = plan.window
        var attach = PCAttachment(
            ports: ports, interrupts: interrupts, parts: parts, visibleMemory: plan.visibleMemory)
        try attach.interruptControllers(pic)
        try attach.timers(clock)
        let keyboard = try attach.keyboard()
        try attach.controls()
        try attach.disks()
        try attach.floppy()
        try attach.serialPorts(serial)
        try attach.firmwareDevices()
        let screen = try PCScreen(parts.spec)
        try screen?.attach(bus: bus, ports: ports, memory: memory)
        seat = screen.map { Seat(surface: $0.surface, screen: $0.card, keyboard: keyboard) }
        virtio = try attach.virtio(apics)
        try attach.pci(bus, screen: screen)
        try bus.attach(apics.outer, name: "I/O APIC", at: PCMap.ioAPIC, size: IOAPIC.windowSize)
        let size = UInt64(plan.firmware.count)
        try bus.attach(ROM(plan.firmware), name: "firmware", at: PCMap.firmwareEnd - size, size: size)
        if let variables = plan.variables {
            let start = PCMap.firmwareEnd - size - UInt64(variables.size)
            try bus.attach(variables, name: "variables", at: start, size: UInt64(variables.size))
        }
    }

    func load() -> X86Start {
        plan.load(into: memory)
        return .reset
    }

    func reset() {
        apics.reset()
        bus.reset()
        ports.reset()
    }

    /// IDE drives are moved by the cores, which do not run then.
    func pause() { for device in virtio { device.pause() } }

    func resume() { for device in virtio { device.resume() } }
}
