/// Everything `viv-machine` needs to build and run one machine.
///
/// The parent opens every file and socket; the machine is handed descriptors and opens nothing. The
/// spec itself is the first line on the control socket, descriptor `MachineSpec.controlDescriptor`.
package struct MachineSpec: Codable, Equatable, Sendable {
    /// A descriptor number inherited from the parent.
    package typealias Descriptor = Int32

    /// The version of this format that this build writes and accepts.
    package static let currentVersion = 1
    /// The control socket is always here: it is how everything else becomes known.
    package static let controlDescriptor: Descriptor = 3
    /// The most virtual disks of one machine: what is left of eight virtio slots.
    package static let maximumDisks = 5
    /// How many harts a machine may have.
    package static let cpuRange = 1...8
    /// The least RAM, in bytes, that a kernel fits into.
    package static let minimumMemory: UInt64 = 16 << 20
    /// RAM is counted in whole megabytes.
    package static let memoryGranule: UInt64 = 1 << 20

    package var version = MachineSpec.currentVersion
    package var id: MachineID
    package var name: String
    package var arch = GuestArchitecture.riscv64
    /// `nil` for the one that machines of this architecture usually have.
    package var board: MachineBoard?
    package var cpus = 1
    /// `nil` for the one that is usual.
    package var cpuModel: CPUModel?
    /// RAM in bytes.
    package var memory: UInt64 = 512 << 20
    /// The kernel's command line.
    package var append = ""
    package var accelerator = Accelerator.auto
    /// A byte stream (a socket): the guest's first serial port. Without it output is thrown away.
    package var serial: Descriptor?
    /// A SOCK_SEQPACKET socket that carries one virtio-net buffer (header and frame) a datagram.
    package var network: Descriptor?
    /// The guest's hardware address, six bytes; required with `network`.
    package var hardwareAddress: [UInt8]?
    package var disks: [DiskSpec] = []
    /// Discs in CD-ROM drives; only a `pc` has them.
    package var cdroms: [DiskSpec] = []
    /// What lies in floppy drive A; one at most.
    package var floppies: [DiskSpec] = []
    /// What a `pc` starts from, most wanted first; empty for the usual order.
    package var bootOrder: [BootDevice] = []
    /// A `pc`'s firmware waits for a key that opens its menu of what to start from.
    package var showsBootMenu = false
    package var kernel: Descriptor?
    package var initrd: Descriptor?
    /// Firmware that starts in machine mode in place of the built-in SBI; of a `pc` its BIOS.
    package var firmware: Descriptor?
    /// What the firmware of a `pc` keeps its variables in: the content of its flash.
    package var variables: Descriptor?
    /// The guest's changes of the variables are written to their file.
    package var keepsVariables = false
    /// Memory for the pixels of the screen (Display's `Surface`), shared with the parent; without it there is none.
    package var screen: Descriptor?
    /// The option ROM of the graphics card.
    package var screenFirmware: Descriptor?
    /// Where to write the flattened device tree before the guest starts.
    package var deviceTreeDump: Descriptor?
    /// A socket that brings the sockets of debuggers, one a message.
    package var debugger: Descriptor?
    /// `/dev/kvm`, opened for reading and writing; required by the accelerator `kvm`.
    package var kvm: Descriptor?
    /// The machine begins paused, before its first instruction.
    package var waitsForDebugger = false

    package init(id: MachineID, name: String) {
        self.id = id
        self.name = name
    }
}

/// One virtual disk.
package struct DiskSpec: Codable, Equatable, Sendable {
    /// The image, locked by the opener.
    package var image: MachineSpec.Descriptor
    package var isReadOnly: Bool
    /// An empty unlinked file that takes the guest's writes in the image's place: an ephemeral disk.
    package var scratch: MachineSpec.Descriptor?
    /// What to call the disk in messages.
    package var name: String
    /// `nil` for the usual one of the board.
    package var bus: DiskBus?

    package init(
        image: MachineSpec.Descriptor, isReadOnly: Bool, scratch: MachineSpec.Descriptor? = nil, name: String
    ) {
        self.image = image
        self.isReadOnly = isReadOnly
        self.scratch = scratch
        self.name = name
    }
}

extension MachineSpec {
    /// Every descriptor that the machine inherits, the control socket included.
    package var descriptors: [Descriptor] {
        let named = [
            serial, network, kernel, initrd, firmware, variables, screen, screenFirmware, deviceTreeDump,
            debugger, kvm,
        ]
        let ofDisks = (disks + cdroms + floppies).flatMap { [$0.image, $0.scratch] }
        return [Self.controlDescriptor] + (named + ofDisks).compactMap { $0 }
    }

    /// Why the spec cannot be built by anybody; one line for the user, `nil` when it is sound.
    package var objection: String? {
        guard version == Self.currentVersion else { return "unknown machine description: version \(version)" }
        if !Self.cpuRange.contains(cpus) { return "a machine has 1 to 8 CPUs, not \(cpus)" }
        if memory < Self.minimumMemory { return "\(ByteSize(bytes: memory)) of memory is too little" }
        if memory % Self.memoryGranule != 0 { return "memory must be whole megabytes" }
        if disks.count > Self.maximumDisks { return "a machine has at most \(Self.maximumDisks) disks" }
        if kernel == nil, firmware == nil { return "neither a kernel nor firmware is given" }
        if floppies.count > 1 { return "a machine has one floppy drive" }
        if !floppies.isEmpty, board != .pc { return "only the pc board has a floppy drive" }
        if !cdroms.isEmpty, board != .pc { return "only the pc board has CD-ROM drives" }
        if board != .pc, disks.contains(where: { $0.bus == .ide }) {
            return "only the pc board has IDE disks"
        }
        if let cpuModel, arch != .x86 {
            return "a \(arch.rawValue) machine has no CPU model \(cpuModel.rawValue)"
        }
        if let board, board.arch != arch { return "the \(board.rawValue) board has no \(arch.rawValue) CPU" }
        if network != nil, hardwareAddress?.count != 6 { return "a network needs a hardware address" }
        return nil
    }
}
