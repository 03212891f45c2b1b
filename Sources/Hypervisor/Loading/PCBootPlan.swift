import Firmware
import Machine
import Model

/// The firmware that a PC starts from, checked; it can be loaded again and again.
struct PCBootPlan {
    /// What is seen right below 4 GiB.
    let firmware: [UInt8]

    /// Looks at the files; says in one line which cannot be used and why.
    init(_ spec: MachineSpec) throws(MachineError) {
        if spec.kernel != nil || spec.initrd != nil {
            throw MachineError(.refused, "the pc board starts from a disk; for a kernel use --board micro")
        }
        guard let descriptor = spec.firmware else {
            throw MachineError(.badCommandLine, "the pc board needs firmware")
        }
        do throws(KernelError) {
            let file = try BootFile(descriptor: descriptor)
            let sizes = UInt64(PCMap.smallestFirmware)...UInt64(PCMap.largestFirmware)
            guard sizes.contains(file.size), file.size % UInt64(PCMap.smallestFirmware) == 0 else {
                throw KernelError.unknownFormat
            }
            firmware = try file.contents()
        } catch {
            throw MachineError(.unusableFile, "the firmware \(error)")
        }
    }

    /// The end of the firmware is seen below 1 MiB, too.
    func load(into memory: GuestMemory) {
        let shadow = firmware.suffix(PCMap.shadowSize)
        let place = PCMap.shadowEnd - UInt64(shadow.count)
        _ = Array(shadow).withUnsafeBytes { memory.write(place, from: $0) }
    }
}
