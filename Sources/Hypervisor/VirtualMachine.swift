import Devices
import Firmware
import Glibc
import Host
import Machine
import Model
import RISCV

/// One computer: its parts, made of a `MachineSpec` and wired once, and its life from power-on to its end.
///
/// It belongs to the thread of its loop; harts and devices have threads of their own and report to its
/// front panel. Everything that needs a new thread, descriptor or executable mapping is made in `init`.
package final class VirtualMachine {
    /// Where the machine is in its life.
    enum Phase {
        case assembled, running, paused, ended
    }

    package let spec: MachineSpec
    /// The engine in use, never `auto`.
    package let accelerator: Accelerator
    let loop: EventLoop
    let clock: HostClock
    let memory: GuestMemory
    let harts: [Hart]
    let board: VirtBoard
    let serial: SerialLine
    let console: SecondConsole
    let sbi: SBI
    let plan: BootPlan
    let start: BootPlan.Start
    let birth: HostClock.Sample
    let report: (MachineEvent) -> Void
    let threads: [HartThread]
    var phase = Phase.assembled
    /// Those retired before the latest reset.
    var earlierInstructions: UInt64 = 0

    /// Builds the machine, up to the last step before its first instruction.
    ///
    /// - Parameters:
    ///   - birth: from the start of the process; event times count from it.
    ///   - report: told of every event, on the loop; the last one has an exit code.
    package init(
        _ spec: MachineSpec, loop: EventLoop, birth: HostClock.Sample,
        report: @escaping (MachineEvent) -> Void
    ) throws {
        self.spec = spec
        self.loop = loop
        self.birth = birth
        self.report = report
        accelerator = Engine.resolve(spec.accelerator)
        plan = try BootPlan(spec)
        memory = try Self.makeMemory(spec.memory)
        clock = HostClock(frequency: VirtMap.timebase, since: birth)
        let bus = AddressSpace()
        harts = try Self.makeHarts(spec.cpus, memory, bus, clock)
        let panel = FrontPanel(loop: loop)
        let serial = SerialLine(spec.serial, loop: loop) { panel.report(.consoleReady) }
        self.serial = serial
        let alarm = OneShot(loop: loop)
        let links = BoardLinks(
            clock: clock, transmit: serial.transmit, wantsInput: serial.wantsInput,
            power: { panel.report(.power($0)) }, scheduleAlarm: alarm.set)
        var consoleEnds = try SocketPair(.stream)
        console = try SecondConsole(stream: consoleEnds.takeNear(), loop: loop)
        board = try VirtBoard(
            bus: bus, memory: memory, harts: harts.map(Self.wires), links: links,
            virtio: try Self.virtioDevices(spec, panel) + [VirtioConsole(stream: consoleEnds.takeFar())])
        alarm.fire = board.rtc.alarmExpired
        let fences = RemoteFences()
        sbi = Self.makeSBI(harts, memory, fences, serial, board.serial, panel)
        start = try Self.load(plan, spec, memory, board)
        try board.attachResetROM(start)
        if let file = spec.deviceTreeDump { try Self.dumpDeviceTree(at: start.deviceTree, memory, to: file) }
        let engines = try Engine.make(accelerator, harts, memory)
        threads = try zip(harts, engines).map { hart, engine in try HartThread(hart, engine) }
        fences.threads = threads
        try connect(panel)
    }

    private func connect(_ panel: FrontPanel) throws(SystemError) {
        panel.act = { [unowned self] in act(on: $0) }
        for hart in harts {
            hart.fellDormant = { _ in panel.report(.dormant) }
        }
        let (console, port) = (console, board.serial)
        try serial.connect { console.offer($0) ?? port.receive($0) }
        try console.connect(transmit: serial.transmit, wantsInput: serial.wantsInput)
    }

    deinit {
        for hart in harts { hart.end() }
    }
}

// MARK: - Parts

extension VirtualMachine {
    private static func makeMemory(_ size: UInt64) throws(MachineError) -> GuestMemory {
        let pages = UInt64(max(sysconf(Int32(_SC_PHYS_PAGES)), 0))
        let host = pages &* UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 0))
        guard size <= host, let memory = GuestMemory(base: VirtMap.ram, size: size) else {
            let (wanted, there) = (ByteSize(bytes: size), ByteSize(bytes: host & ~0xf_ffff))
            throw MachineError(.refused, "this host has \(there) of memory, not \(wanted); ask for less")
        }
        return memory
    }

    private static func makeHarts(
        _ count: Int, _ memory: GuestMemory, _ bus: AddressSpace, _ clock: HostClock
    ) throws(SystemError) -> [Hart] {
        let alarm = try AlarmClock(clock: clock)
        return (0..<count).map { Hart(id: UInt64($0), memory: memory, bus: bus, clock: clock, alarm: alarm) }
    }

    private static func wires(_ hart: Hart) -> HartWires {
        HartWires(
            machineSoftware: hart.line(.machineSoftware), machineExternal: hart.line(.machineExternal),
            supervisorExternal: hart.line(.supervisorExternal),
            raiseSupervisorSoftware: { hart.setInterrupt(.supervisorSoftware, true) },
            setTimerCompare: hart.setMachineTimer)
    }

    /// Disks in the first slots, where simple kernels look for them.
    private static func virtioDevices(
        _ spec: MachineSpec, _ panel: FrontPanel
    ) throws -> [any VirtioDevice] {
        var devices: [any VirtioDevice] = try VirtualDisks.devices(spec, panel: panel)
        if let socket = spec.network, let address = spec.hardwareAddress {
            devices.append(VirtioNet(socket: FileDescriptor(owning: socket), hardwareAddress: address))
        }
        devices.append(VirtioEntropy())
        return devices
    }

    private static func makeSBI(
        _ harts: [Hart], _ memory: GuestMemory, _ fences: RemoteFences, _ line: SerialLine,
        _ port: SerialPort, _ panel: FrontPanel
    ) -> SBI {
        let supervisor = SupervisorInterface(harts, memory, fences: fences.perform)
        let console = SBIConsole(write: line.transmit, read: port.takeInput)
        return SBI(harts: supervisor, memory: memory, console: console) { panel.report(.power($0)) }
    }

    /// Writes the tree as the guest will find it.
    private static func dumpDeviceTree(at address: UInt64, _ memory: GuestMemory, to file: Int32) throws {
        let size = (memory.load32(address + 4) ?? 0).byteSwapped
        var blob = [UInt8](repeating: 0, count: Int(size))
        guard blob.withUnsafeMutableBytes({ memory.read(address, into: $0) }) else { return }
        try Descriptors.writeAll(file, blob)
    }

    /// Loads the programs and the device tree, with fresh randomness for this boot.
    static func load(
        _ plan: BootPlan, _ spec: MachineSpec, _ memory: GuestMemory, _ board: VirtBoard
    ) throws -> BootPlan.Start {
        var boot = VirtDeviceTree.Boot()
        boot.arguments = spec.append
        boot.seed = try Random.bytes(32)
        return try plan.load(into: memory) { initrd, firmware in
            boot.initrd = initrd
            boot.firmware = firmware
            let ram = memory.base..<memory.base + memory.size
            return VirtDeviceTree(board: board, harts: spec.cpus, memory: ram, boot: boot).tree.flattened
        }
    }
}
