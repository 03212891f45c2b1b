import Disks
import Synchronization

/// A virtio block device (Virtio 1.2, section 5.2) over any `Disk`.
///
/// Data go straight between the disk and guest RAM. One worker a queue carries requests out in
/// order; several queues work at once.
package final class VirtioBlock: VirtioDevice {
    private static let queueSize: UInt16 = 256
    /// Bytes moved before the guest is told: enough to make small requests share an interrupt,
    /// little enough that the guest works on finished ones while later ones are carried out.
    private static let budget = 256 << 10

    package let traits: VirtioTraits
    private let disk: any Disk
    private let identifier: [UInt8]
    private let reportError: @Sendable (DiskError) -> Void
    /// Whether a write is complete only when on stable storage (`writeback` = 0). Drivers read the
    /// field before they are ready and then flush or not: from reset on it says what will be.
    private let writesThrough = Atomic(false)

    /// - Parameters:
    ///   - identifier: what GET_ID answers; 20 bytes of it are kept.
    ///   - queues: one for each hart is best; 1 to 8.
    ///   - reportError: called on a worker with the host's reason why a transfer failed; the guest
    ///     is told of an I/O error besides. It must not block.
    package init(
        _ disk: any Disk, identifier: String, queues: Int,
        reportError: @escaping @Sendable (DiskError) -> Void
    ) {
        self.disk = disk
        let name = identifier.utf8.prefix(20)
        self.identifier = Array(name) + Array(repeating: 0, count: 20 - name.count)
        self.reportError = reportError
        traits = VirtioTraits(
            deviceID: 2, features: disk.isReadOnly ? .blockReadOnly : .blockWritable,
            queueSizes: Array(repeating: Self.queueSize, count: min(max(queues, 1), 8)))
    }

    package var configuration: [UInt8] {
        BlockConfiguration(
            sectors: disk.capacity / DiskImage.sectorSize, queues: UInt16(traits.queueSizes.count),
            isWriteBack: !writesThrough.load(ordering: .relaxed)
        ).bytes
    }

    package func configure(at offset: Int, _ value: UInt8) {
        guard offset == BlockConfiguration.writeBackOffset else { return }
        writesThrough.store(value == 0, ordering: .relaxed)
    }

    /// A driver that cannot flush gets a cache that needs no flushing; one that can, and has not
    /// agreed to choose, write-back (section 5.2.6.2).
    package func activate(_ features: VirtioFeatures) {
        if !features.contains(.blockFlush) {
            writesThrough.store(true, ordering: .relaxed)
        } else if !features.contains(.blockConfigurableCache) {
            writesThrough.store(false, ordering: .relaxed)
        }
    }

    package func reset() { writesThrough.store(false, ordering: .relaxed) }

    package func serve(_ index: Int, _ queue: inout Virtqueue) -> QueueWait {
        var moved = 0
        while moved < Self.budget {
            guard let chain = queue.pop() else { return .doorbell }
            guard let request = BlockRequest(chain) else {
                queue.markBroken()
                return .doorbell
            }
            moved += Int(DiskImage.sectorSize) + request.data.byteCount
            let written = answer(request, queue)
            queue.complete(chain.head, written: written)
            queue.publish()
        }
        return .again
    }

    /// Carries the request out and writes its status; returns how many bytes the guest finds written.
    private func answer(_ request: BlockRequest, _ queue: borrowing Virtqueue) -> Int {
        var written = 0
        do {
            let status = try carryOut(request, written: &written)
            request.status.pointee = status.rawValue
        } catch {
            request.status.pointee = BlockRequest.Status.ioError.rawValue
            // A range or a disk that the guest got wrong is between it and its driver.
            if error != .outOfRange, error != .readOnly { reportError(error) }
        }
        queue.didWrite(request.data, count: written)
        queue.didWrite(request.status, count: 1)
        return written + 1
    }

    private func carryOut(_ request: BlockRequest, written: inout Int) throws(DiskError)
        -> BlockRequest.Status
    {
        switch request.operation {
        case .read(let offset):
            try disk.read(at: offset, into: request.data)
            written = request.data.byteCount
        case .write(let offset):
            try disk.write(at: offset, from: request.data)
            try settle()
        case .flush: try disk.flush()
        case .identify: written = identifier.withUnsafeBytes { request.data.copy(from: $0) }
        case .discard(let extents):
            for extent in extents { try disk.discard(at: extent.offset, count: extent.count) }
            try settle()
        case .writeZeroes(let extents):
            for extent in extents {
                try disk.writeZeroes(at: extent.offset, count: extent.count, mayUnmap: extent.mayUnmap)
            }
            try settle()
        case .refuse(let status): return status
        }
        return .ok
    }

    private func settle() throws(DiskError) {
        if writesThrough.load(ordering: .relaxed) { try disk.flush() }
    }
}
