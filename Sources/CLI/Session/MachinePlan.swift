import Glibc
import Host
import Model
import NetworkStack

/// A machine with every file open: the description to send and the descriptors to hand over.
struct MachinePlan {
    private(set) var spec: MachineSpec
    let handover = Handover()

    /// Opens everything that `request` names; nothing has been started when it fails.
    ///
    /// - Parameter control: the machine's end of the control socket.
    init(_ request: BootRequest, id: MachineID, control: consuming FileDescriptor) throws(Failure) {
        let kernel = request.kernel
        spec = MachineSpec(id: id, name: request.name ?? kernel.map(Self.lastComponent) ?? id.text)
        _ = handover.give(control)
        spec.arch = request.arch
        spec.board = request.board
        spec.cpus = request.cpus
        spec.cpuModel = request.cpuModel
        spec.memory = request.memory.bytes
        spec.append = request.append
        spec.waitsForDebugger = request.waitsForDebugger
        spec.accelerator = try request.accelerator.accelerator(for: request.arch)
        try Self.check(request)
        if spec.accelerator == .kvm { spec.kvm = handover.give(try Self.openKVM()) }
        spec.kernel = try give(request.kernel, role: "kernel")
        spec.initrd = try give(request.initrd, role: "initrd")
        spec.firmware = try give(request.firmware, role: "firmware")
        spec.variables = try giveVariables(request)
        spec.keepsVariables = request.nvram != nil
        spec.screenFirmware = try give(request.screenFirmware, role: "option ROM")
        for disk in request.disks { spec.disks.append(try give(disk, ephemeral: request.isEphemeral)) }
        for path in request.cdroms { spec.cdroms.append(try give(disc: path)) }
        if let floppy = request.floppy {
            spec.floppies = [try give(floppy, ephemeral: request.isEphemeral)]
        }
        (spec.bootOrder, spec.showsBootMenu) = (request.boot.devices, request.boot.showsMenu)
        if let path = request.deviceTreeDump {
            spec.deviceTreeDump = handover.give(try MachineFiles.create(path, role: "device tree"))
        }
    }

    /// Gives the machine its end of the serial port.
    mutating func connectSerial(_ socket: consuming FileDescriptor) { spec.serial = handover.give(socket) }

    /// Gives the machine the memory of its screen.
    mutating func connectScreen(_ memory: consuming FileDescriptor) { spec.screen = handover.give(memory) }

    /// Gives the machine its end of the network, and the hardware address that belongs to its id.
    mutating func connectNetwork(_ socket: consuming FileDescriptor) {
        spec.network = handover.give(socket)
        // 52:54:00 is a locally administered prefix that guests' tools know as virtual.
        let digits = spec.id.text.utf8.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) }
        spec.hardwareAddress = [
            0x52, 0x54, 0, UInt8(digits >> 16 & 255), UInt8(digits >> 8 & 255), UInt8(digits & 255),
        ]
    }

    /// Gives the machine the socket that will bring debuggers.
    mutating func connectDebuggers(_ socket: consuming FileDescriptor) {
        spec.debugger = handover.give(socket)
    }

    private static func openKVM() throws(Failure) -> FileDescriptor {
        do {
            return try FileDescriptor.open("/dev/kvm", O_RDWR)
        } catch {
            throw .refused("\(error): use --accel auto")
        }
    }

    private func give(_ path: String?, role: String) throws(Failure) -> MachineSpec.Descriptor? {
        guard let path else { return nil }
        return handover.give(try MachineFiles.open(path, role: role))
    }

    private func give(_ disk: DiskOption, ephemeral: Bool) throws(Failure) -> DiskSpec {
        let ephemeral = ephemeral && !disk.isReadOnly
        var spec = DiskSpec(
            image: handover.give(try MachineFiles.openDisk(disk, ephemeral: ephemeral)),
            isReadOnly: disk.isReadOnly,
            scratch: ephemeral ? handover.give(try MachineFiles.scratch()) : nil,
            name: disk.path)
        spec.bus = disk.bus
        return spec
    }

    /// Locked like a disk, as two machines would destroy each other's.
    private func giveVariables(_ request: BootRequest) throws(Failure) -> MachineSpec.Descriptor? {
        guard let nvram = request.nvram else { return try give(request.variables, role: "UEFI variables") }
        return handover.give(try MachineFiles.openDisk(DiskOption(path: nvram), ephemeral: false))
    }

    private func give(disc path: String) throws(Failure) -> DiskSpec {
        var disc = DiskOption(path: path)
        disc.isReadOnly = true
        return try give(disc, ephemeral: false)
    }

    private static func check(_ request: BootRequest) throws(Failure) {
        guard request.kernel != nil || request.firmware != nil else {
            throw .badCommandLine("nothing to boot: name a guest ('viv boot busybox') or give --kernel FILE")
        }
        guard MachineSpec.cpuRange.contains(request.cpus) else {
            throw .badCommandLine("a machine has 1 to 8 CPUs, not \(request.cpus)")
        }
        if let model = request.cpuModel, request.arch != .x86 {
            throw .badCommandLine("--cpu \(model.rawValue) is for --arch x86_64")
        }
        guard request.disks.count <= MachineSpec.maximumDisks else {
            throw .badCommandLine("a machine has at most \(MachineSpec.maximumDisks) disks")
        }
        try check(request.memory)
    }

    private static func check(_ memory: ByteSize) throws(Failure) {
        guard memory.bytes >= MachineSpec.minimumMemory else {
            throw .badCommandLine("\(memory) of memory is too little: give at least 16M")
        }
        guard memory.bytes % MachineSpec.memoryGranule == 0 else {
            throw .badCommandLine("memory must be whole megabytes, such as 512M or 1G")
        }
        guard memory.bytes <= HostMachine.memory else {
            let megabytes = HostMachine.memory >> 20
            throw .refused(
                "\(memory) of memory is more than this host has (\(megabytes)M): give --memory less")
        }
    }

    private static func lastComponent(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
