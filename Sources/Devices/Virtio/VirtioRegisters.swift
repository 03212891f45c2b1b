/// The control registers of the MMIO transport as a value (Virtio 1.2, section 4.2.2): what the
/// driver has negotiated and where its queues are. Doorbells, interrupts and the configuration
/// space are the transport's own.
struct VirtioRegisters {
    /// What the transport must do about a write.
    enum Effect: Equatable {
        case none
        /// Check and take over the queue's layout.
        case attach(queue: Int)
        case detach(queue: Int)
        /// DRIVER_OK: begin to serve.
        case activate
        /// Back to power-on; the transport calls `reset()` when its workers stand still.
        case reset
    }

    /// Device status bits (section 2.1).
    struct Status: OptionSet {
        let rawValue: UInt32
        static let driverReady = Status(rawValue: 4)
        static let featuresAccepted = Status(rawValue: 8)
        static let needsReset = Status(rawValue: 64)
    }

    /// Register offsets.
    enum Register: UInt64 {
        case magic = 0x000
        case version = 0x004
        case deviceID = 0x008
        case vendorID = 0x00c
        case deviceFeatures = 0x010
        case deviceFeaturesSelect = 0x014
        case driverFeatures = 0x020
        case driverFeaturesSelect = 0x024
        case queueSelect = 0x030
        case queueSizeMaximum = 0x034
        case queueSize = 0x038
        case queueReady = 0x044
        case queueNotify = 0x050
        case interruptStatus = 0x060
        case interruptAcknowledge = 0x064
        case status = 0x070
        case descriptorsLow = 0x080
        case descriptorsHigh = 0x084
        case availableLow = 0x090
        case availableHigh = 0x094
        case usedLow = 0x0a0
        case usedHigh = 0x0a4
        case sharedMemorySelect = 0x0ac
        case sharedMemoryLengthLow = 0x0b0
        case sharedMemoryLengthHigh = 0x0b4
        case sharedMemoryBaseLow = 0x0b8
        case sharedMemoryBaseHigh = 0x0bc
        case configurationGeneration = 0x0fc
    }

    /// Where the device-specific configuration space begins.
    static let configurationStart: UInt64 = 0x100

    private struct Queue {
        var layout = Virtqueue.Layout()
        var isReady = false
    }

    private let traits: VirtioTraits
    private let offered: VirtioFeatures
    private(set) var status: Status = []
    private var driverFeatures: UInt64 = 0
    private var deviceFeaturesSelect: UInt32 = 0
    private var driverFeaturesSelect: UInt32 = 0
    private var queueSelect = 0
    private var queues: [Queue]

    init(_ traits: VirtioTraits) {
        self.traits = traits
        offered = traits.features.union(.ring)
        queues = traits.queueSizes.map { _ in Queue() }
    }

    /// What both sides agree on.
    var features: VirtioFeatures { VirtioFeatures(rawValue: driverFeatures).intersection(offered) }

    func layout(of queue: Int) -> Virtqueue.Layout { queues[queue].layout }

    /// Back to power-on.
    mutating func reset() { self = VirtioRegisters(traits) }

    /// The queue's layout turned out to be unusable.
    mutating func refuse(queue: Int) { queues[queue].isReady = false }

    /// Registers that do not exist, or are write-only, read as zero.
    func read(_ register: Register) -> UInt32 {
        switch register {
        case .magic: 0x7472_6976  // "virt"
        case .version: 2
        case .deviceID: traits.deviceID
        case .vendorID: 0x5649_5641  // "AVIV"
        case .deviceFeatures: Self.half(offered.rawValue, deviceFeaturesSelect)
        case .queueSizeMaximum: selected == nil ? 0 : UInt32(traits.queueSizes[queueSelect])
        case .queueReady: selected?.isReady == true ? 1 : 0
        case .status: status.rawValue
        // No shared memory region exists: all lengths and addresses are -1.
        case .sharedMemoryLengthLow, .sharedMemoryLengthHigh, .sharedMemoryBaseLow, .sharedMemoryBaseHigh:
            UInt32.max
        default: 0
        }
    }

    /// Read-only registers ignore writes.
    mutating func write(_ register: Register, _ value: UInt32) -> Effect {
        switch register {
        case .deviceFeaturesSelect: deviceFeaturesSelect = value
        case .driverFeaturesSelect: driverFeaturesSelect = value
        case .driverFeatures: setDriverFeatures(value)
        case .queueSelect: queueSelect = Int(value)
        case .queueReady: return setReady(value)
        case .status: return setStatus(Status(rawValue: value))
        default: setLayout(register, value)
        }
        return .none
    }

    private var selected: Queue? { queueSelect < queues.count ? queues[queueSelect] : nil }

    private static func half(_ features: UInt64, _ select: UInt32) -> UInt32 {
        select < 2 ? UInt32(truncatingIfNeeded: features >> (32 * UInt64(select))) : 0
    }

    private mutating func setDriverFeatures(_ value: UInt32) {
        guard !status.contains(.featuresAccepted), driverFeaturesSelect < 2 else { return }
        let shift = 32 * UInt64(driverFeaturesSelect)
        driverFeatures = (driverFeatures & ~(0xffff_ffff << shift)) | (UInt64(value) << shift)
    }

    private mutating func setStatus(_ value: Status) -> Effect {
        guard value.rawValue != 0 else { return .reset }
        var accepted = value.subtracting(.needsReset)
        let wanted = VirtioFeatures(rawValue: driverFeatures)
        if !offered.isSuperset(of: wanted) || !wanted.contains(.version1) {
            accepted.remove(.featuresAccepted)
        }
        let isNew = !status.contains(.driverReady)
        // A driver never clears a bit but by a reset.
        status.formUnion(accepted)
        return isNew && status.isSuperset(of: [.driverReady, .featuresAccepted]) ? .activate : .none
    }

    private mutating func setReady(_ value: UInt32) -> Effect {
        guard let queue = selected, queue.isReady != (value & 1 != 0) else { return .none }
        queues[queueSelect].isReady.toggle()
        return queue.isReady ? .detach(queue: queueSelect) : .attach(queue: queueSelect)
    }

    /// A queue in use keeps its layout.
    private mutating func setLayout(_ register: Register, _ value: UInt32) {
        guard let queue = selected, !queue.isReady else { return }
        var layout = queue.layout
        switch register {
        case .queueSize:
            layout.size = value <= traits.queueSizes[queueSelect] ? UInt16(value) : 0
        case .descriptorsLow: Self.setLow(&layout.descriptors, value)
        case .descriptorsHigh: Self.setHigh(&layout.descriptors, value)
        case .availableLow: Self.setLow(&layout.available, value)
        case .availableHigh: Self.setHigh(&layout.available, value)
        case .usedLow: Self.setLow(&layout.used, value)
        case .usedHigh: Self.setHigh(&layout.used, value)
        default: return
        }
        queues[queueSelect].layout = layout
    }

    private static func setLow(_ address: inout UInt64, _ value: UInt32) {
        address = (address & ~0xffff_ffff) | UInt64(value)
    }

    private static func setHigh(_ address: inout UInt64, _ value: UInt32) {
        address = (address & 0xffff_ffff) | (UInt64(value) << 32)
    }
}
