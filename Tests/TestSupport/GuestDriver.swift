import Devices
import Glibc
import Machine

/// Plays the guest's virtio driver over guest RAM: negotiates, lays out the queues, builds chains,
/// rings the doorbell and reads the used ring. It knows the transport by its registers only.
package final class GuestDriver {
    /// One buffer of a request.
    package enum Buffer {
        /// Bytes for the device.
        case output([UInt8])
        /// Room for so many bytes of the device.
        case input(Int)
    }

    /// What came back from a request.
    package struct Answer: Equatable {
        /// The used length.
        package let length: UInt32
        /// The contents of the input buffers, one after the other.
        package let bytes: [UInt8]

        package init(length: UInt32, bytes: [UInt8]) {
            self.length = length
            self.bytes = bytes
        }
    }

    /// What a test waited for did not happen for 20 seconds.
    package struct Stuck: Error {}

    package let memory: GuestMemory
    package let transport: VirtioMMIO
    /// Agreed features, and entries of each queue.
    package private(set) var features: UInt64 = 0
    package let queueSize: UInt16

    private struct Queue {
        var layout = Virtqueue.Layout()
        var nextDescriptor: UInt16 = 0
        var nextAvailable: UInt16 = 0
        var nextUsed: UInt16 = 0
        var inputs: [UInt16: [(address: UInt64, count: Int)]] = [:]
    }

    private var queues: [Queue] = []
    private var nextFree: UInt64

    /// Buffers and rings are taken from RAM one after the other, from its start on: a test has all of it.
    package init(_ transport: VirtioMMIO, memory: GuestMemory, queueSize: UInt16 = 64) {
        self.transport = transport
        self.memory = memory
        self.queueSize = queueSize
        nextFree = memory.base
    }

    // MARK: Registers

    package func register(_ offset: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: transport.read(at: offset, width: .word))
    }

    package func setRegister(_ offset: UInt64, _ value: UInt32) {
        transport.write(at: offset, width: .word, UInt64(value))
    }

    package var status: UInt32 { register(0x70) }

    /// The features on offer.
    package var offeredFeatures: UInt64 {
        setRegister(0x14, 1)
        let high = UInt64(register(0x10))
        setRegister(0x14, 0)
        return high << 32 | UInt64(register(0x10))
    }

    // MARK: Set-up

    /// The whole initialisation of section 3.1.1; accepts what is offered within `mask`.
    package func start(queues count: Int, accepting mask: UInt64 = .max) {
        setRegister(0x70, 0)
        setRegister(0x70, 1)
        setRegister(0x70, 3)
        negotiate(offeredFeatures & mask)
        queues = []
        for index in 0..<count { addQueue(index) }
        setRegister(0x70, 15)
    }

    /// Writes the driver's features and asks whether the device agrees.
    package func negotiate(_ wanted: UInt64) {
        features = wanted
        setRegister(0x24, 0)
        setRegister(0x20, UInt32(truncatingIfNeeded: wanted))
        setRegister(0x24, 1)
        setRegister(0x20, UInt32(truncatingIfNeeded: wanted >> 32))
        setRegister(0x70, 11)
    }

    private func addQueue(_ index: Int) {
        var layout = Virtqueue.Layout()
        layout.size = queueSize
        layout.descriptors = allocate(16 * Int(queueSize))
        layout.available = allocate(6 + 2 * Int(queueSize))
        layout.used = allocate(6 + 8 * Int(queueSize))
        queues.append(Queue(layout: layout))
        install(layout, as: index)
    }

    /// Tells the device where queue `index` is.
    package func install(_ layout: Virtqueue.Layout, as index: Int) {
        setRegister(0x30, UInt32(index))
        setRegister(0x38, UInt32(layout.size))
        let addresses = [(0x80, layout.descriptors), (0x90, layout.available), (0xa0, layout.used)]
        for (offset, address) in addresses {
            setRegister(UInt64(offset), UInt32(truncatingIfNeeded: address))
            setRegister(UInt64(offset) + 4, UInt32(truncatingIfNeeded: address >> 32))
        }
        setRegister(0x44, 1)
    }

    package func layout(of queue: Int) -> Virtqueue.Layout { queues[queue].layout }

    /// `count` bytes of zeroed RAM, 16-byte aligned, never given back.
    package func allocate(_ count: Int) -> UInt64 {
        let size = UInt64(count + 15) / 16 * 16
        guard let host = memory.pointer(to: nextFree, count: max(size, 1)) else {
            preconditionFailure("the test needs more RAM")
        }
        memset(host, 0, Int(size))
        defer { nextFree += size }
        return nextFree
    }

    // MARK: Requests

    /// Puts a request into the available ring; the device is not told.
    @discardableResult
    package func post(_ buffers: [Buffer], queue: Int = 0, indirect: Bool = false) -> UInt16 {
        let head = queues[queue].nextDescriptor
        var inputs: [(UInt64, Int)] = []
        let table = indirect ? allocate(16 * buffers.count) : queues[queue].layout.descriptors
        for (position, buffer) in buffers.enumerated() {
            let isLast = position == buffers.count - 1
            let index = indirect ? UInt16(position) : takeDescriptor(queue)
            let next = indirect ? index + 1 : (index + 1) % queueSize
            let (address, length, isInput) = place(buffer)
            if isInput { inputs.append((address, length)) }
            let flags: UInt16 = (isLast ? 0 : 1) | (isInput ? 2 : 0)
            write(table, index, address, UInt32(length), flags, next)
        }
        if indirect {
            _ = takeDescriptor(queue)
            write(queues[queue].layout.descriptors, head, table, UInt32(16 * buffers.count), 4, 0)
        }
        queues[queue].inputs[head] = inputs
        makeAvailable(head, queue: queue)
        return head
    }

    private func takeDescriptor(_ queue: Int) -> UInt16 {
        defer { queues[queue].nextDescriptor = (queues[queue].nextDescriptor + 1) % queueSize }
        return queues[queue].nextDescriptor
    }

    private func place(_ buffer: Buffer) -> (UInt64, Int, Bool) {
        switch buffer {
        case .output(let bytes):
            let address = allocate(bytes.count)
            _ = bytes.withUnsafeBytes { memory.write(address, from: $0) }
            return (address, bytes.count, false)
        case .input(let count): return (allocate(count), count, true)
        }
    }

    /// Writes one entry of a descriptor table.
    package func write(
        _ table: UInt64, _ index: UInt16, _ address: UInt64, _ length: UInt32, _ flags: UInt16, _ next: UInt16
    ) {
        let entry = table + 16 * UInt64(index)
        _ = memory.store64(entry, address)
        _ = memory.store32(entry + 8, length)
        _ = memory.store16(entry + 12, flags)
        _ = memory.store16(entry + 14, next)
    }

    /// Puts a descriptor's index into the available ring and shows it.
    package func makeAvailable(_ head: UInt16, queue: Int = 0) {
        let layout = queues[queue].layout
        let slot = UInt64(queues[queue].nextAvailable % layout.size)
        _ = memory.store16(layout.available + 4 + 2 * slot, head)
        queues[queue].nextAvailable &+= 1
        _ = memory.store16(layout.available + 2, queues[queue].nextAvailable)
    }

    package func ring(_ queue: Int = 0) { setRegister(0x50, UInt32(queue)) }

    /// The next answer on `queue`, when there is one.
    package func takeAnswer(queue: Int = 0) -> Answer? {
        let layout = queues[queue].layout
        let next = queues[queue].nextUsed
        guard memory.load16(layout.used + 2) != next else { return nil }
        let entry = layout.used + 4 + 8 * UInt64(next % layout.size)
        queues[queue].nextUsed &+= 1
        // used_event: tell me about the next one.
        _ = memory.store16(layout.available + 4 + 2 * UInt64(layout.size), queues[queue].nextUsed)
        let head = UInt16(truncatingIfNeeded: memory.load32(entry) ?? 0)
        var bytes: [UInt8] = []
        for (address, count) in queues[queue].inputs[head] ?? [] { bytes += read(address, count) }
        return Answer(length: memory.load32(entry + 4) ?? 0, bytes: bytes)
    }

    /// Guest RAM as an array.
    package func read(_ address: UInt64, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        _ = bytes.withUnsafeMutableBytes { memory.read(address, into: $0) }
        return bytes
    }

    /// Waits for the next answer.
    package func answer(queue: Int = 0) throws -> Answer {
        var answer: Answer?
        try wait {
            answer = takeAnswer(queue: queue)
            return answer != nil
        }
        return answer ?? Answer(length: 0, bytes: [])
    }

    /// Posts a request, rings, and waits for its answer.
    package func request(_ buffers: [Buffer], queue: Int = 0, indirect: Bool = false) throws -> Answer {
        post(buffers, queue: queue, indirect: indirect)
        ring(queue)
        return try answer(queue: queue)
    }

    /// Waits until `condition` holds.
    package func wait(until condition: () -> Bool) throws {
        for _ in 0..<200_000 {
            if condition() { return }
            usleep(100)
        }
        throw Stuck()
    }
}
