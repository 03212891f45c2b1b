import Host
import Machine
import Synchronization

/// The memory-mapped transport of one virtio device (Virtio 1.2, section 4.2, version 2 only).
///
/// A doorbell is answered by a queue's worker thread, never by the vCPU that rang: that vCPU is
/// busy running the guest, and on the other core the transfer costs it nothing.
///
/// Control registers are 32 bits wide; other widths read zero and are ignored. The configuration
/// space takes any width.
package final class VirtioMMIO: Device {
    /// Bytes of the register window.
    package static let windowSize: UInt64 = 0x1000

    private let device: any VirtioDevice
    private let interrupt: VirtioInterrupt
    private let lanes: [QueueLane]
    private let workers: [Thread]
    /// Held across a control write and what it sets off, so that two vCPUs cannot interleave a
    /// reset and an activation. Workers never take it.
    private let registers: Mutex<VirtioRegisters>

    /// Starts the device's workers: everything that needs new threads or descriptors happens here.
    package convenience init(
        _ device: any VirtioDevice, memory: GuestMemory, interrupt line: InterruptLine
    ) throws(SystemError) {
        try self.init(device, memory: memory, interrupt: line, divert: { _, _ in false })
    }

    /// - Parameter divert: takes interrupts in the line's place; see `VirtioInterrupt`.
    init(
        _ device: any VirtioDevice, memory: GuestMemory, interrupt line: InterruptLine,
        divert: @escaping @Sendable (VirtioInterrupt.Reasons, Int?) -> Bool
    ) throws(SystemError) {
        let interrupt = VirtioInterrupt(line, divert: divert)
        self.device = device
        self.interrupt = interrupt
        registers = Mutex(VirtioRegisters(device.traits))
        var lanes: [QueueLane] = []
        var workers: [Thread] = []
        for index in device.traits.queueSizes.indices {
            let lane = try QueueLane(index, of: device, memory: memory, interrupt: interrupt)
            lanes.append(lane)
            workers.append(
                try Thread(name: "virtio-\(device.traits.deviceID).\(index)") { lane.run() })
        }
        self.lanes = lanes
        self.workers = workers
    }

    deinit {
        for lane in lanes { lane.stop() }
        for worker in workers { worker.join() }
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        if offset >= VirtioRegisters.configurationStart { return readConfiguration(at: offset, width) }
        guard width == .word, let register = VirtioRegisters.Register(rawValue: offset) else { return 0 }
        switch register {
        case .interruptStatus: return UInt64(interrupt.status.rawValue)
        case .status:
            let status = registers.withLock { $0.read(.status) }
            return UInt64(status | (interrupt.hasFailed ? VirtioRegisters.Status.needsReset.rawValue : 0))
        default: return UInt64(registers.withLock { $0.read(register) })
        }
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        if offset >= VirtioRegisters.configurationStart {
            return writeConfiguration(at: offset, width, value)
        }
        guard width == .word, let register = VirtioRegisters.Register(rawValue: offset) else { return }
        let word = UInt32(truncatingIfNeeded: value)
        switch register {
        case .queueNotify:
            if word < UInt32(lanes.count) { lanes[Int(word)].ring() }
        case .interruptAcknowledge:
            interrupt.acknowledge(VirtioInterrupt.Reasons(rawValue: word))
        default:
            let wasReset = registers.withLock { perform($0.write(register, word), &$0) }
            if wasReset { interrupt.drive() }
        }
    }

    /// Power-on state; also what a driver's write of zero to the status does.
    package func reset() {
        registers.withLock { _ = perform(.reset, &$0) }
        interrupt.drive()
    }

    /// Holds the device still: on return no worker touches guest RAM. Doorbells are kept.
    package func pause() {
        for lane in lanes { lane.pause() }
    }

    /// Goes on after `pause`, with the work that has come meanwhile.
    package func resume() {
        for lane in lanes { lane.resume() }
    }

    /// True when the effect was a reset: then the interrupt line must follow, outside the lock.
    private func perform(_ effect: VirtioRegisters.Effect, _ registers: inout VirtioRegisters) -> Bool {
        switch effect {
        case .none: return false
        case .attach(let queue): attach(queue, &registers)
        case .detach(let queue): lanes[queue].detach()
        case .activate:
            device.activate(registers.features)
            for lane in lanes { lane.setLive(true) }
        case .reset:
            for lane in lanes {
                lane.setLive(false)
                lane.detach()
            }
            device.reset()
            registers.reset()
            interrupt.endSession()
            return true
        }
        return false
    }

    private func attach(_ queue: Int, _ registers: inout VirtioRegisters) {
        guard !lanes[queue].attach(registers.layout(of: queue), features: registers.features) else {
            if registers.status.contains(.driverReady) { lanes[queue].ring() }
            return
        }
        registers.refuse(queue: queue)
        interrupt.raise(.failed, session: interrupt.session)
    }

    private func readConfiguration(at offset: UInt64, _ width: AccessWidth) -> UInt64 {
        let bytes = device.configuration
        var value: UInt64 = 0
        for index in 0..<UInt64(width.rawValue) {
            let position = offset &- VirtioRegisters.configurationStart &+ index
            guard position < UInt64(bytes.count) else { break }
            value |= UInt64(bytes[Int(position)]) << (8 * index)
        }
        return value
    }

    private func writeConfiguration(at offset: UInt64, _ width: AccessWidth, _ value: UInt64) {
        let start = offset &- VirtioRegisters.configurationStart
        guard start < Self.windowSize else { return }
        for index in 0..<UInt64(width.rawValue) {
            device.configure(at: Int(start &+ index), UInt8(truncatingIfNeeded: value >> (8 * index)))
        }
    }
}
