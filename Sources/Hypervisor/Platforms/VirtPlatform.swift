import Devices
import Firmware
import Host
import Machine
import Model
import RISCV

/// RISC-V harts on the `virt` board.
final class VirtPlatform: Platform {
    let memory: GuestMemory
    let clock: HostClock
    let accelerator: Accelerator
    private let spec: MachineSpec
    private let harts: [Hart]
    private let board: VirtBoard
    private let sbi: SBI
    private let plan: BootPlan
    private let start: BootPlan.Start
    private let threads: [HartThread]

    init(_ parts: PlatformParts) throws {
        spec = parts.spec
        accelerator = Engine.resolve(spec.accelerator)
        plan = try BootPlan(spec)
        memory = try MachineMemory.make(spec.memory, at: VirtMap.ram)
        clock = HostClock(frequency: VirtMap.timebase, since: parts.birth)
        let bus = AddressSpace()
        harts = try Self.makeHarts(spec.cpus, memory, bus, clock)
        board = try VirtBoard(
            bus: bus, memory: memory, harts: harts.map(Self.wires), links: parts.links(clock),
            virtio: parts.virtio)
        parts.alarm.fire = board.rtc.alarmExpired
        let fences = RemoteFences()
        sbi = Self.makeSBI(harts, memory, fences, parts.line, board.serial, parts.panel)
        start = try Self.load(plan, spec, memory, board)
        try board.attachResetROM(start)
        if let file = spec.deviceTreeDump { try Self.dumpDeviceTree(at: start.deviceTree, memory, to: file) }
        let engines = try Engine.make(accelerator, harts, memory)
        threads = try zip(harts, engines).map { hart, engine in try HartThread(hart, engine) }
        fences.threads = threads
        for hart in harts { hart.fellDormant = { [panel = parts.panel] _ in panel.report(.dormant) } }
    }

    var serialPort: SerialPort { board.serial }
    var seat: Seat? { nil }
    var resultWord: UInt64? { start.toHost }
    var instructions: UInt64 { harts.reduce(0) { $0 &+ $1.state.pointee.instructions } }
    var isDead: Bool { harts.allSatisfy(\.isDormant) }

    func load() throws { _ = try Self.load(plan, spec, memory, board) }

    func resetDevices() {
        board.reset()
        sbi.reset()
    }

    func pauseDevices() { board.pause() }

    func resumeDevices() { board.resume() }

    func clockResumed() { for hart in harts { hart.takeTimeScale() } }

    var debuggedCPUs: [any DebuggedCPU] { harts }

    func debugPointsChanged() {
        for thread in threads { _ = thread.ask(.translations(addresses: nil, addressSpace: nil)) }
    }

    func park() { for hart in harts { hart.park() } }

    func waitUntilParked() { for hart in harts { hart.waitUntilParked() } }

    func unpark() { for hart in harts { hart.unpark() } }

    func end() { for hart in harts { hart.end() } }

    func prepare() {
        for hart in harts {
            hart.reset()
            if start.machineMode {
                hart.environmentCall = nil
                hart.state.pointee.x[10] = hart.id
                hart.state.pointee.x[11] = start.deviceTree
                hart.state.pointee.x[12] = VirtMap.resetROM + ResetROM.descriptionOffset
                hart.startMachineMode(at: start.entry)
            } else {
                hart.environmentCall = { [sbi, harts] in
                    sbi.handleCall(from: $0, of: harts)
                    return true
                }
                hart.prepareSupervisor()
            }
        }
        if !start.machineMode { _ = harts[0].start(at: start.entry, argument: start.deviceTree) }
        for thread in threads { thread.noteReset() }
    }
}

// MARK: - Parts

extension VirtPlatform {
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
    private static func load(
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
