import Model

/// What `viv boot` is asked for, before anything has been opened.
struct BootRequest: Equatable, Sendable {
    var name: String?
    var arch = GuestArchitecture.riscv64
    /// `nil` for the one that machines of this architecture usually have.
    var board: MachineBoard?
    /// `nil` for the one that is usual.
    var cpuModel: CPUModel?
    var cpus = 1
    var memory = ByteSize(bytes: 512 << 20)
    var kernel: String?
    var initrd: String?
    var firmware: String?
    /// What UEFI keeps its variables in; made when it is not there.
    var nvram: String?
    /// What its variables are at first, in a file.
    var variables: String?
    /// The option ROM of the graphics card.
    var screenFirmware: String?
    /// The kernel's command line.
    var append = ""
    var disks: [DiskOption] = []
    /// Images of discs.
    var cdroms: [String] = []
    var floppy: DiskOption?
    var boot = BootOrderOption()
    var network = NetworkOption.user(forwards: [])
    var accelerator = AcceleratorOption.auto
    /// Where viewers of the screen connect.
    var display = DisplayOption.none
    /// All disk writes are thrown away at the end.
    var isEphemeral = false
    /// Where to write the flattened device tree.
    var deviceTreeDump: String?
    /// Where debuggers are listened to, beside `viv debug`.
    var debugger: DebugAddress?
    /// The machine begins paused.
    var waitsForDebugger = false
    /// A kernel panic on the console ends the machine: true for guests whose messages are known.
    var watchesForPanic = false

    /// Whether the machine has a screen and a keyboard.
    var hasScreen: Bool { board == .pc }
}
