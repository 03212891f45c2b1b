import Devices
import Disks
import Host
import Model

/// Makes the machine's virtual disks of inherited descriptors.
enum VirtualDisks {
    /// One block device for each disk that is a virtio device, in order.
    static func devices(_ spec: MachineSpec, panel: FrontPanel) throws(MachineError) -> [VirtioBlock] {
        var devices: [VirtioBlock] = []
        for (index, disk) in spec.disks.enumerated() where bus(of: disk, spec) == .virtio {
            do {
                let image = try open(disk)
                let name = disk.name
                devices.append(
                    VirtioBlock(image, identifier: "\(spec.id)-\(index)", queues: spec.cpus) { error in
                        panel.report(.diskError("disk \(name): \(error)"))
                    })
            } catch {
                throw MachineError(.unusableFile, "\(error)")
            }
        }
        return devices
    }

    /// Where a disk is plugged in: a PC has its disks on IDE, unless told otherwise.
    static func bus(of disk: DiskSpec, _ spec: MachineSpec) -> DiskBus {
        disk.bus ?? (spec.board == .pc ? .ide : .virtio)
    }

    /// The images alone, in order, for a controller of another kind.
    static func images(_ disks: [DiskSpec]) throws(MachineError) -> [any Disk] {
        try disks.map { (disk) throws(MachineError) in
            do throws(DiskError) {
                return try open(disk)
            } catch {
                throw MachineError(.unusableFile, "\(error)")
            }
        }
    }

    private static func open(_ disk: DiskSpec) throws(DiskError) -> any Disk {
        let image = FileDescriptor(owning: disk.image)
        guard let scratch = disk.scratch else {
            return try RawDisk(owning: image, isReadOnly: disk.isReadOnly, name: disk.name)
        }
        let base = try RawDisk(owning: image, isReadOnly: true, name: disk.name)
        return try OverlayDisk(over: base, scratch: FileDescriptor(owning: scratch))
    }
}
