import Host
import Machine
import Synchronization

/// The PCI transport of one virtio device (Virtio 1.2, section 4.1), for drivers of version 1 and later: the registers
/// of the memory-mapped transport, at other places and in other widths, and MSI-X.
///
/// Its structures lie in one window of 16 KiB: common configuration, interrupt status, the device's configuration,
/// doorbells.
package final class VirtioPCI: Device {
    private static let pageSize: UInt64 = 0x1000
    private static let windowSize: UInt64 = 0x4000
    private static let noVector: UInt16 = 0xFFFF
    private static let vendor: UInt16 = 0x1AF4
    private static let firstDevice: UInt16 = 0x1040
    private static let doorbellStride: UInt64 = 4
    /// The base address registers of MSI-X's table and of the structures.
    private static let messageRegion = 1
    private static let structureRegion = 4

    private struct Queue {
        var size: UInt16
        var isEnabled = false
        /// Descriptors, available ring, used ring; low and high words.
        var addresses = [UInt32](repeating: 0, count: 6)
    }

    private struct State {
        var deviceFeaturesSelect: UInt32 = 0
        var driverFeaturesSelect: UInt32 = 0
        var driverFeatures: [UInt32] = [0, 0]
        var queueSelect: UInt16 = 0
        var queues: [Queue]

        init(_ sizes: [UInt16]) { queues = sizes.map { Queue(size: $0) } }
    }

    /// Which message stands for what.
    private final class Vectors: Sendable {
        struct Table {
            var configuration = VirtioPCI.noVector
            var queues: [UInt16]
        }

        let table: Mutex<Table>
        let messages: MessageInterrupts

        init(queues: Int, _ messages: MessageInterrupts) {
            table = Mutex(Table(queues: [UInt16](repeating: VirtioPCI.noVector, count: queues)))
            self.messages = messages
        }

        /// Sends messages in the line's place, if they are on.
        func divert(_ reasons: VirtioInterrupt.Reasons, _ queue: Int?) -> Bool {
            guard messages.isEnabled else { return false }
            let wanted = table.withLock { table in
                (
                    reasons.contains(.used) ? queue.map { table.queues[$0] } : nil,
                    reasons.contains(.configuration) ? table.configuration : nil
                )
            }
            for vector in [wanted.0, wanted.1].compactMap({ $0 }) { messages.signal(Int(vector)) }
            return true
        }

        /// A vector that is not in the table is refused: it reads as none.
        func checked(_ vector: UInt16) -> UInt16 {
            Int(vector) < messages.count ? vector : VirtioPCI.noVector
        }

        func reset() {
            table.withLock { $0 = Table(queues: $0.queues.map { _ in VirtioPCI.noVector }) }
        }
    }

    private let registers: VirtioMMIO
    private let traits: VirtioTraits
    private let vectors: Vectors
    private let state: Mutex<State>

    /// Starts the device's workers.
    ///
    /// - Parameters:
    ///   - line: the function's pin.
    ///   - send: writes a message where its address says; called on any thread.
    package init(
        _ device: any VirtioDevice, memory: GuestMemory, interrupt line: InterruptLine,
        send: @escaping @Sendable (_ address: UInt64, _ data: UInt32) -> Void
    ) throws(SystemError) {
        traits = device.traits
        let count = traits.queueSizes.count
        let vectors = Vectors(queues: count, MessageInterrupts(count: count + 1, send: send))
        self.vectors = vectors
        state = Mutex(State(traits.queueSizes))
        registers = try VirtioMMIO(device, memory: memory, interrupt: line, divert: vectors.divert)
    }

    /// The function that shows the device on the bus.
    package func function() -> PCIFunction {
        let device = Self.firstDevice + UInt16(truncatingIfNeeded: traits.deviceID)
        var identity = PCIFunction.Identity(
            vendor: Self.vendor, device: device, classCode: Self.classCode(traits.deviceID))
        (identity.revision, identity.interruptPin) = (1, 1)
        (identity.subsystemVendor, identity.subsystem) = (Self.vendor, 0x1100)
        let messages = vectors.messages
        // The capability of the messages is the first one.
        let control = PCIFunction.firstCapability + 3
        return PCIFunction(
            identity,
            regions: [
                Self.messageRegion: PCIFunction.Region(
                    .memory, size: MessageInterrupts.windowSize, messages),
                Self.structureRegion: PCIFunction.Region(.wideMemory, size: Self.windowSize, self),
            ],
            capabilities: [messages.capability(region: UInt8(Self.messageRegion))] + Self.structures,
            written: { place, value in if place == control { messages.setControl(value) } })
    }

    /// Class, subclass and programming interface by virtio's device.
    private static func classCode(_ device: UInt32) -> UInt32 {
        switch device {
        case 1: 0x02_0000
        case 2: 0x01_0000
        case 3: 0x07_8000
        default: 0x00_FF00
        }
    }

    /// Where each structure is (section 4.1.4): common configuration, doorbells, interrupt status, device.
    private static var structures: [PCIFunction.Capability] {
        func structure(_ kind: UInt8, _ page: UInt8, _ length: UInt16, _ more: [UInt8] = [])
            -> PCIFunction.Capability
        {
            PCIFunction.Capability(
                0x09,
                [16 + UInt8(more.count), kind, UInt8(structureRegion), 0, 0, 0, 0, page << 4, 0, 0]
                    + [UInt8(length & 0xFF), UInt8(length >> 8), 0, 0] + more)
        }
        return [
            structure(1, 0, 0x38), structure(2, 3, 0x1000, [UInt8(doorbellStride), 0, 0, 0]),
            structure(3, 1, 4),
            structure(4, 2, 0x1000),
        ]
    }

    package func reset() {
        registers.reset()
        state.withLock { $0 = State(traits.queueSizes) }
        vectors.reset()
    }

    package func pause() { registers.pause() }

    package func resume() { registers.resume() }

    // MARK: The window

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        let place = offset % Self.pageSize
        switch offset / Self.pageSize {
        case 0:
            let bytes = state.withLock { image($0) }
            return (0..<UInt64(width.rawValue)).reduce(0) { value, index in
                let position = place + index
                return position < UInt64(bytes.count)
                    ? value | UInt64(bytes[Int(position)]) << (8 * index) : value
            }
        case 1: return place == 0 ? takeInterruptStatus() : 0
        case 2: return registers.read(at: VirtioRegisters.configurationStart &+ place, width: width)
        default: return 0
        }
    }

    /// Reading acknowledges.
    private func takeInterruptStatus() -> UInt64 {
        let status = register(.interruptStatus)
        set(.interruptAcknowledge, status)
        return UInt64(status)
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        let place = offset % Self.pageSize
        switch offset / Self.pageSize {
        case 0:
            guard width == .double else { return writeCommon(place, width, value) }
            writeCommon(place, .word, value & 0xFFFF_FFFF)
            writeCommon(place + 4, .word, value >> 32)
        case 2: registers.write(at: VirtioRegisters.configurationStart &+ place, width: width, value)
        case 3: set(.queueNotify, UInt32(truncatingIfNeeded: place / Self.doorbellStride))
        default: break
        }
    }

    private func register(_ register: VirtioRegisters.Register) -> UInt32 {
        UInt32(truncatingIfNeeded: registers.read(at: register.rawValue, width: .word))
    }

    private func set(_ register: VirtioRegisters.Register, _ value: UInt32) {
        registers.write(at: register.rawValue, width: .word, UInt64(value))
    }

    // MARK: Common configuration (section 4.1.4.3)

    private enum Place {
        static let deviceFeaturesSelect: UInt64 = 0x00
        static let driverFeaturesSelect: UInt64 = 0x08
        static let driverFeatures: UInt64 = 0x0C
        static let configurationVector: UInt64 = 0x10
        static let status: UInt64 = 0x14
        static let queueSelect: UInt64 = 0x16
        static let queueSize: UInt64 = 0x18
        static let queueVector: UInt64 = 0x1A
        static let queueEnable: UInt64 = 0x1C
        static let addresses: UInt64 = 0x20
        static let end: UInt64 = 0x38
    }

    private func image(_ state: State) -> [UInt8] {
        let little = LittleEndian.bytes
        let index = Int(state.queueSelect)
        let queue = state.queues.indices.contains(index) ? state.queues[index] : nil
        let table = vectors.table.withLock { $0 }
        let select = state.driverFeaturesSelect
        var bytes =
            little(UInt64(state.deviceFeaturesSelect), 4) + little(UInt64(register(.deviceFeatures)), 4)
        bytes +=
            little(UInt64(select), 4) + little(select < 2 ? UInt64(state.driverFeatures[Int(select)]) : 0, 4)
        bytes += little(UInt64(table.configuration), 2) + little(UInt64(state.queues.count), 2)
        bytes += little(UInt64(register(.status)), 1) + [0] + little(UInt64(state.queueSelect), 2)
        guard let queue else { return bytes + [UInt8](repeating: 0, count: Int(Place.end) - bytes.count) }
        bytes += little(UInt64(queue.size), 2) + little(UInt64(table.queues[index]), 2)
        bytes += little(queue.isEnabled ? 1 : 0, 2) + little(UInt64(index), 2)
        return bytes + queue.addresses.flatMap { little(UInt64($0), 4) }
    }

    /// One lock holds for a write and what it sets off: two drivers cannot come between each other's selections.
    private func writeCommon(_ place: UInt64, _ width: AccessWidth, _ value: UInt64) {
        let (half, word) = (UInt16(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value))
        state.withLock { state in
            switch (place, width) {
            case (Place.deviceFeaturesSelect, .word):
                state.deviceFeaturesSelect = word
                set(.deviceFeaturesSelect, word)
            case (Place.driverFeaturesSelect, .word):
                state.driverFeaturesSelect = word
                set(.driverFeaturesSelect, word)
            case (Place.driverFeatures, .word):
                if state.driverFeaturesSelect < 2 {
                    state.driverFeatures[Int(state.driverFeaturesSelect)] = word
                }
                set(.driverFeatures, word)
            case (Place.configurationVector, .half):
                let vector = vectors.checked(half)
                vectors.table.withLock { $0.configuration = vector }
            case (Place.status, _): setStatus(UInt32(value & 0xFF), &state)
            case (Place.queueSelect, .half):
                state.queueSelect = half
                set(.queueSelect, UInt32(half))
            default: writeQueue(place, width, word, &state)
            }
        }
    }

    private func setStatus(_ value: UInt32, _ state: inout State) {
        set(.status, value)
        guard value == 0 else { return }
        state = State(traits.queueSizes)
        vectors.reset()
    }

    private func writeQueue(_ place: UInt64, _ width: AccessWidth, _ value: UInt32, _ state: inout State) {
        let index = Int(state.queueSelect)
        guard state.queues.indices.contains(index) else { return }
        switch (place, width) {
        case (Place.queueVector, .half):
            let vector = vectors.checked(UInt16(truncatingIfNeeded: value))
            vectors.table.withLock { $0.queues[index] = vector }
        case (Place.queueSize, .half):
            if !state.queues[index].isEnabled { state.queues[index].size = UInt16(truncatingIfNeeded: value) }
        case (Place.queueEnable, .half):
            if value & 1 != 0, !state.queues[index].isEnabled { enable(index, &state) }
        case (Place.addresses..<Place.end, .word) where place % 4 == 0:
            if !state.queues[index].isEnabled {
                state.queues[index].addresses[Int(place - Place.addresses) / 4] = value
            }
        default: break
        }
    }

    private func enable(_ index: Int, _ state: inout State) {
        let queue = state.queues[index]
        set(.queueSize, UInt32(queue.size))
        let places: [VirtioRegisters.Register] = [
            .descriptorsLow, .descriptorsHigh, .availableLow, .availableHigh, .usedLow, .usedHigh,
        ]
        for (place, value) in zip(places, queue.addresses) { set(place, value) }
        set(.queueReady, 1)
        state.queues[index].isEnabled = register(.queueReady) & 1 != 0
    }
}
