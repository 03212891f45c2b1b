/// One kind of virtio device, behind any transport (Virtio 1.2, section 5).
///
/// The transport owns the registers, the queues and one worker thread a queue; the device says what
/// it is and serves its queues. Calls to `serve` for different queues come from different threads,
/// each with that queue's lock held; the other calls come from vCPU threads.
package protocol VirtioDevice: AnyObject, Sendable {
    /// What the device is: fixed for its life.
    var traits: VirtioTraits { get }
    /// The bytes of the device-specific configuration space, as they are now.
    var configuration: [UInt8] { get }
    /// The driver writes one byte of the configuration space; unknown and read-only ones are ignored.
    func configure(at offset: Int, _ value: UInt8)
    /// The driver is ready; from here on queues are served under these features.
    func activate(_ features: VirtioFeatures)
    /// Does a bounded amount of `queue`'s work and says what to wait for. Never blocks for long: a
    /// guest that resets the device waits for it.
    func serve(_ index: Int, _ queue: inout Virtqueue) -> QueueWait
    /// Forgets the session: the driver has reset the device. No queue is being served.
    func reset()
}

/// What a device tells its driver before anything else.
package struct VirtioTraits: Sendable {
    /// Virtio device ID: 1 network, 2 block, 3 console, 4 entropy.
    package let deviceID: UInt32
    /// Device-specific features on offer; the transport adds those of the ring.
    package let features: VirtioFeatures
    /// The largest size of each queue, a power of two: as many queues as elements.
    package let queueSizes: [UInt16]

    package init(deviceID: UInt32, features: VirtioFeatures, queueSizes: [UInt16]) {
        self.deviceID = deviceID
        self.features = features
        self.queueSizes = queueSizes
    }
}

/// What a queue's worker waits for before it serves the queue again.
package enum QueueWait: Sendable, Equatable {
    /// There is more to do; the pause between is for resets and interrupts.
    case again
    /// The driver makes more buffers available.
    case doorbell
    /// The descriptor can be read, or has been closed at its other end.
    case readable(Int32)
    /// The descriptor can be written to again.
    case writable(Int32)
}

/// Feature bits (Virtio 1.2, section 6, and those of each device in section 5).
package struct VirtioFeatures: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    init(bit: UInt64) { rawValue = 1 << bit }

    /// VIRTIO_F_INDIRECT_DESC: a descriptor may point to a table of descriptors.
    package static let indirectDescriptors = VirtioFeatures(bit: 28)
    /// VIRTIO_F_EVENT_IDX: each side names the entry at which it wants to be told.
    package static let eventIndex = VirtioFeatures(bit: 29)
    /// VIRTIO_F_VERSION_1: no legacy interface; required.
    package static let version1 = VirtioFeatures(bit: 32)
    /// What every transport here offers.
    static let ring: VirtioFeatures = [.indirectDescriptors, .eventIndex, .version1]
}
