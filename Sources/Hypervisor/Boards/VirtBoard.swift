import Devices
import Host
import Machine

/// The `virt` board: every device in its place, wired once, from the top down.
package final class VirtBoard: Sendable {
    package let bus: AddressSpace
    package let serial: SerialPort
    package let rtc: GoldfishRTC
    private let finisher: Syscon
    private let clint: ACLINT
    private let softwareInterrupts: SupervisorSoftwareInterrupts
    private let plic: PLIC
    private let virtio: [VirtioMMIO]

    /// Puts the devices on `bus`, which is empty so far.
    ///
    /// `virtio` devices fill the slots from the first on; the workers of their queues start here.
    package init(
        bus: AddressSpace, memory: GuestMemory, harts: [HartWires], links: BoardLinks,
        virtio devices: [any VirtioDevice]
    ) throws {
        self.bus = bus
        let plic = PLIC(contexts: harts.flatMap { [$0.machineExternal, $0.supervisorExternal] })
        self.plic = plic
        clint = ACLINT(softwareInterrupts: harts.map(\.machineSoftware), clock: links.clock) { hart, tick in
            harts[hart].setTimerCompare(tick)
        }
        softwareInterrupts = SupervisorSoftwareInterrupts(harts: harts.count) { hart in
            harts[hart].raiseSupervisorSoftware()
        }
        serial = SerialPort(
            interrupt: plic.line(Int(VirtMap.Interrupt.serial)), transmit: links.transmit,
            wantsInput: links.wantsInput)
        rtc = GoldfishRTC(interrupt: plic.line(Int(VirtMap.Interrupt.rtc)), schedule: links.scheduleAlarm)
        finisher = Syscon(request: links.power)
        var slots: [VirtioMMIO] = []
        for (slot, device) in devices.prefix(VirtMap.virtioSlots).enumerated() {
            let line = plic.line(Int(VirtMap.Interrupt.firstVirtio) + slot)
            slots.append(try VirtioMMIO(device, memory: memory, interrupt: line))
        }
        virtio = slots
        try attach()
    }

    private func attach() throws {
        for item in placed {
            try bus.attach(
                item.device, name: item.device.description.name, at: item.address,
                size: item.device.description.size)
        }
        for slot in 0..<VirtMap.virtioSlots {
            let device: any Device = slot < virtio.count ? virtio[slot] : EmptySlot()
            let address = VirtMap.virtio + UInt64(slot) * VirtMap.virtioStride
            try bus.attach(device, name: "virtio-\(slot)", at: address, size: VirtMap.virtioStride)
        }
    }

    /// Puts the reset vector for programs that start in machine mode on the bus. Call it once.
    func attachResetROM(_ start: BootPlan.Start) throws {
        let rom = ResetROM(entry: start.entry, deviceTree: start.deviceTree, payload: start.payload)
        try bus.attach(rom, name: "reset ROM", at: VirtMap.resetROM, size: VirtMap.resetROMSize)
    }

    /// Returns every device to its state after power-on. No hart runs.
    package func reset() {
        bus.reset()
    }

    /// Holds the devices still: on return none of them touches RAM. No hart runs.
    package func pause() {
        for device in virtio { device.pause() }
    }

    package func resume() {
        for device in virtio { device.resume() }
    }
}

// MARK: - Self-description

extension VirtBoard {
    /// A device in its place, as the device tree shows it.
    struct Placed {
        let device: any DescribedDevice
        let address: UInt64
        /// The input of the interrupt controller, if any.
        let interrupt: UInt32?
    }

    /// Everything but the virtio slots, in order of addresses.
    var placed: [Placed] {
        [
            Placed(device: finisher, address: VirtMap.finisher, interrupt: nil),
            Placed(device: rtc, address: VirtMap.rtc, interrupt: VirtMap.Interrupt.rtc),
            Placed(device: clint, address: VirtMap.clint, interrupt: nil),
            Placed(device: softwareInterrupts, address: VirtMap.supervisorSoftwareInterrupts, interrupt: nil),
            Placed(device: plic, address: VirtMap.plic, interrupt: nil),
            Placed(device: serial, address: VirtMap.serial, interrupt: VirtMap.Interrupt.serial),
        ]
    }
}
