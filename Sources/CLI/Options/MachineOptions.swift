import ArgumentParser
import Model

/// The options that describe a machine.
struct MachineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The guest's CPU: that of --board, x86_64 with --cdrom or --floppy, else riscv64.",
            valueName: "arch"))
    var arch: GuestArchitecture?

    @Option(
        help: ArgumentHelp(
            "virt for riscv64; for x86_64 micro, which starts a kernel, or pc, which starts from its first disk "
                + "(by SeaBIOS, unless --firmware names another BIOS).", valueName: "board"))
    var board: MachineBoard?

    @Option(
        help: ArgumentHelp(
            "For x86_64: what the CPUs say that they can do, everything unless named.", valueName: "model"))
    var cpu: CPUModel?

    @Option(help: ArgumentHelp("Number of CPUs, 1 to 8.", valueName: "count"))
    var cpus = 1

    @Option(help: ArgumentHelp("RAM, such as 512M or 1G.", valueName: "size"))
    var memory = ByteSize(bytes: 512 << 20)

    @Option(
        help: ArgumentHelp(
            "A Linux Image (raw or gzip), an EFI-stub Image or an ELF file; for x86_64 a bzImage.",
            valueName: "file"),
        completion: .file())
    var kernel: String?

    @Option(help: ArgumentHelp("The kernel's initial RAM disk.", valueName: "file"), completion: .file())
    var initrd: String?

    @Option(help: ArgumentHelp("Kernel command line; added to that of a catalogue guest.", valueName: "text"))
    var append = ""

    @Option(
        help: ArgumentHelp(
            "A disk image or block device; repeat for more. On the pc board the bus is ide, or virtio.",
            valueName: "path[,readonly][,bus=BUS]"),
        completion: .file(), transform: DiskOption.init(parsing:))
    var disk: [DiskOption] = []

    @Option(
        help: ArgumentHelp(
            "A disc in a CD-ROM drive of the pc board, such as an installer's ISO image.", valueName: "path"),
        completion: .file())
    var cdrom: [String] = []

    @Option(
        help: ArgumentHelp("A disk in the floppy drive of the pc board.", valueName: "path[,readonly]"),
        completion: .file(), transform: DiskOption.init(parsing:))
    var floppy: DiskOption?

    @Option(
        help: ArgumentHelp(
            "What the pc board starts from, in order: disk, cdrom, floppy, net; menu asks.",
            valueName: "devices"),
        transform: BootOrderOption.init(parsing:))
    var boot = BootOrderOption()

    @Option(
        help: ArgumentHelp(
            "none, or user[,forward=tcp|udp:[HOST]:PORT-[GUEST]:PORT…].", valueName: "network"),
        transform: NetworkOption.init(parsing:))
    var net = NetworkOption.user(forwards: [])

    @Option(
        help: ArgumentHelp(
            "Start this in machine mode in place of the built-in SBI; on the pc board bios, uefi or a file.",
            valueName: "firmware"),
        completion: .file())
    var firmware: String?

    @Option(
        help: ArgumentHelp(
            "Keep UEFI's variables in this file, which is made; without it they are forgotten.",
            valueName: "file"),
        completion: .file())
    var nvram: String?

    @Option(help: ArgumentHelp("How guest code runs.", valueName: "engine"))
    var accel = AcceleratorOption.auto

    @Option(
        help: ArgumentHelp(
            "Where viewers (VNC) see the screen of a pc: none, vnc:ADDRESS:PORT or vnc:unix:PATH, "
                + "[,password-file=FILE].", valueName: "display"),
        transform: DisplayOption.init(parsing:))
    var display = DisplayOption.none

    @Flag(help: "Throw disk writes away when the machine ends.")
    var ephemeral = false

    @Option(
        help: ArgumentHelp("Write the machine's flattened device tree to this file.", valueName: "file"),
        completion: .file())
    var dumpDtb: String?

    @Option(help: ArgumentHelp("What to call the machine in 'viv ps'.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "Listen for GDB here, too: tcp:PORT (of this host alone) or unix:PATH.", valueName: "address"),
        transform: DebugAddress.init(parsing:))
    var debug: DebugAddress?

    @Flag(help: "Wait for a debugger, or for 'viv resume', before the first instruction.")
    var wait = false

    /// The wish that the options describe; files are not looked at yet.
    func request() throws(Failure) -> BootRequest {
        let board = board ?? (cdrom.isEmpty && floppy == nil ? nil : .pc)
        let arch = arch ?? board?.arch ?? .riscv64
        _ = try accel.accelerator(for: arch)
        if let board, board.arch != arch {
            throw .badCommandLine(
                "the \(board.rawValue) board has a \(board.arch.rawValue) CPU: give --arch \(board.arch.rawValue)"
            )
        }
        guard board == .pc || cdrom.isEmpty && floppy == nil && boot == BootOrderOption() else {
            throw .badCommandLine("--cdrom, --floppy and --boot are for the pc board: give --board pc")
        }
        if display != .none, board != .pc {
            throw .badCommandLine("only the pc board has a screen: give --board pc with --display")
        }
        return BootRequest(
            name: name, arch: arch, board: board, cpuModel: cpu, cpus: cpus, memory: memory, kernel: kernel,
            initrd: initrd, firmware: firmware, nvram: nvram, append: append, disks: disk, cdroms: cdrom,
            floppy: floppy, boot: boot, network: net, accelerator: accel, display: display,
            isEphemeral: ephemeral,
            deviceTreeDump: dumpDtb, debugger: debug, waitsForDebugger: wait)
    }
}
