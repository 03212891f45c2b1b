import Devices
import Firmware
import Glibc
import Machine
import Model

/// The firmware that a PC starts from, checked; it can be loaded again and again.
struct PCBootPlan {
    /// What is seen right below 4 GiB.
    let firmware: [UInt8]
    /// Where UEFI keeps its variables, right below the firmware.
    let variables: FlashMemory?
    /// What the guest is told of RAM, in bytes. What is above holds the firmware, which is seen from there.
    let visibleMemory: UInt64
    /// Bytes of the floppy disk's image, by which the drive's kind is known; 0 without one.
    let floppySize: UInt64

    /// Looks at the files; says in one line which cannot be used and why.
    init(_ spec: MachineSpec) throws(MachineError) {
        if spec.kernel != nil || spec.initrd != nil {
            throw MachineError(.refused, "the pc board starts from a disk; for a kernel use --board micro")
        }
        guard let descriptor = spec.firmware else {
            throw MachineError(.badCommandLine, "the pc board needs firmware")
        }
        variables = try spec.variables.map { (file) throws(MachineError) in
            try Self.flash(file, isKept: spec.keepsVariables)
        }
        do throws(KernelError) {
            let file = try BootFile(descriptor: descriptor)
            let sizes = UInt64(PCMap.smallestFirmware)...UInt64(PCMap.largestFirmware)
            guard sizes.contains(file.size), file.size % GuestMemory.pageSize == 0 else {
                throw KernelError.unknownFormat
            }
            firmware = try file.contents()
        } catch {
            throw MachineError(.unusableFile, "the firmware \(error)")
        }
        let hidden =
            (UInt64(firmware.count) + MachineSpec.memoryGranule - 1) & ~(MachineSpec.memoryGranule - 1)
        guard spec.memory > 2 * hidden else {
            throw MachineError(.refused, "the firmware does not fit; give the machine more memory")
        }
        visibleMemory = spec.memory - hidden
        var status = stat()
        let isSized = spec.floppies.first.map { fstat($0.image, &status) == 0 } ?? false
        floppySize = isSized ? UInt64(max(status.st_size, 0)) : 0
    }

    /// The flash that a file of variables describes, and that is written back to it.
    private static func flash(_ descriptor: Int32, isKept: Bool) throws(MachineError) -> FlashMemory {
        do throws(KernelError) {
            let file = try BootFile(descriptor: descriptor)
            guard file.size > 0, file.size <= UInt64(PCMap.largestFirmware),
                file.size % UInt64(FlashMemory.blockSize) == 0
            else { throw KernelError.unknownFormat }
            return FlashMemory(try file.contents()) { offset, bytes in
                guard isKept else { return }
                _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
            }
        } catch {
            throw MachineError(.unusableFile, "the file of UEFI's variables \(error)")
        }
    }

    /// The whole firmware is seen at the end of 4 GiB.
    var window: GuestMemory.Window {
        GuestMemory.Window(
            PCMap.firmwareEnd - UInt64(firmware.count)..<PCMap.firmwareEnd, showing: visibleMemory)
    }

    /// The end of the firmware is seen below 1 MiB, too.
    func load(into memory: GuestMemory) {
        _ = firmware.withUnsafeBytes { memory.write(visibleMemory, from: $0) }
        let shadow = firmware.suffix(PCMap.shadowSize)
        let place = PCMap.shadowEnd - UInt64(shadow.count)
        _ = Array(shadow).withUnsafeBytes { memory.write(place, from: $0) }
    }
}
