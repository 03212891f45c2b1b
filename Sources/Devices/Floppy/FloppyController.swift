import Disks
import Machine
import Synchronization

/// An 82078 floppy disk controller with one drive, whose data go by DMA (82078 datasheet).
///
/// A command is carried out at once, on the thread of the vCPU that writes its last byte.
package final class FloppyController: Sendable {
    private let core: Mutex<FloppyCore>
    private let interrupt: InterruptOutputs

    /// - Parameters:
    ///   - disk: what lies in the drive; `nil` for an empty one.
    ///   - reportError: called on a vCPU's thread with the host's reason why a transfer failed. It must not block.
    package init(
        interrupt: InterruptLine, dma: DMAController, disk: (any Disk)?,
        reportError: @escaping @Sendable (DiskError) -> Void
    ) {
        let drive = disk.map { FloppyDrive($0, reportError: reportError) }
        core = Mutex(FloppyCore(dma, drive))
        self.interrupt = InterruptOutputs([interrupt])
    }

    /// The six ports from 0x3F0 on.
    package var ports: PortRegister {
        PortRegister(
            read: { [self] offset, _ in UInt64(perform { $0.read(offset) }) },
            write: { [self] offset, _, value in perform { $0.write(offset, UInt8(truncatingIfNeeded: value)) }
            },
            reset: { [self] in perform { $0.powerOn() } })
    }

    /// The port 0x3F7: whether the disk was changed, and the data rate.
    package var ratePort: PortRegister {
        PortRegister(read: { [self] _, _ in UInt64(perform { $0.wasChanged ? 0x80 : 0 }) })
    }

    private func perform<Result>(_ body: (inout FloppyCore) -> Result) -> Result {
        let result = core.withLock { body(&$0) }
        interrupt.drive { core.withLock { $0.isInterrupting ? 1 : 0 } }
        return result
    }
}
