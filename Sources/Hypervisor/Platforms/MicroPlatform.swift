import Devices
import Firmware
import Host
import Machine
import Model
import X86

/// An x86-64 core on the `micro` board, started by the 64-bit boot protocol of Linux.
final class MicroPlatform: Platform {
    let memory: GuestMemory
    let clock: HostClock
    let accelerator: Accelerator
    private let core: Core
    private let board: MicroBoard
    private let plan: MicroBootPlan
    private var entry: UInt64 = 0

    init(_ parts: PlatformParts) throws {
        let spec = parts.spec
        try Self.check(spec)
        plan = try MicroBootPlan(spec)
        accelerator = Self.resolve(spec.accelerator)
        memory = try MachineMemory.make(spec.memory, at: 0)
        clock = HostClock(frequency: Identification.timeStampFrequency, since: parts.birth)
        let (bus, ports) = (AddressSpace(), AddressSpace())
        let core = Core(
            id: 0, memory: memory, bus: bus, ports: ports, clock: clock, alarm: try AlarmClock(clock: clock))
        self.core = core
        // Once it has asked for power, or has lost control, the processor stands still: whatever it does next
        // would be taken for what it does after that.
        let links = parts.links(clock) { core.park() }
        board = try MicroBoard(
            bus: bus, ports: ports, memory: memory, core: core, links: links, virtio: parts.virtio)
        parts.alarm.fire = board.clock.alarmExpired
        core.shutDown = { links.power(.reset) }
        core.fellDormant = { [panel = parts.panel] _ in panel.report(.dormant) }
        core.park()
        entry = try plan.load(into: memory, board, seed: Random.bytes(32))
        let run = try Self.engine(accelerator, core)
        _ = try Thread(name: "core-0") { run() }
    }

    /// What this platform cannot do, said before anything is made.
    private static func check(_ spec: MachineSpec) throws(MachineError) {
        if spec.cpus != 1 {
            throw MachineError(
                .refused, "an x86_64 machine has one CPU so far, not \(spec.cpus): leave out --cpus")
        }
        if spec.firmware != nil {
            throw MachineError(.refused, "the micro board boots kernels, not firmware; use --kernel")
        }
        if spec.deviceTreeDump != nil {
            throw MachineError(.refused, "an x86_64 machine has no device tree; leave out --dump-dtb")
        }
        guard spec.memory <= MicroMap.largestMemory else {
            throw MachineError(
                .refused,
                "an x86_64 machine has at most \(ByteSize(bytes: MicroMap.largestMemory)) of memory so far")
        }
    }

    /// The accelerator that `auto` stands for.
    private static func resolve(_ accelerator: Accelerator) -> Accelerator {
        guard accelerator == .auto else { return accelerator }
        return TranslatedCore.isSupported ? .translate : .interpret
    }

    /// What executes the core's instructions until its thread is to end.
    private static func engine(_ accelerator: Accelerator, _ core: Core) throws(MachineError)
        -> @Sendable () ->
        Void
    {
        guard accelerator == .translate else { return { Interpreter(core).run() } }
        guard TranslatedCore.isSupported else {
            let needs = "translation needs a processor with AVX2, BMI2 and FMA"
            throw MachineError(.refused, needs + "; use --accel interpret")
        }
        guard let translated = TranslatedCore(core) else {
            throw MachineError(.refused, "this host allows no executable memory; use --accel interpret")
        }
        return { translated.run() }
    }

    var serialPort: SerialPort { board.serial }
    var resultWord: UInt64? { nil }
    var instructions: UInt64 { core.state.pointee.instructions }
    var isDead: Bool { core.isDormant }

    func load() throws { entry = try plan.load(into: memory, board, seed: Random.bytes(32)) }

    func prepare() {
        core.reset()
        core.startLongMode(
            at: entry, pageTables: BootParameters.Place.pageTables,
            descriptors: (BootParameters.Place.descriptors, UInt16(BootParameters.descriptors.count * 8 - 1)),
            argument: BootParameters.Place.parameters)
    }

    func resetDevices() { board.reset() }

    func pauseDevices() { board.pause() }

    func resumeDevices() { board.resume() }

    /// The core asks the clock itself.
    func clockResumed() {}

    func park() { core.park() }

    func waitUntilParked() { core.waitUntilParked() }

    func unpark() { core.unpark() }

    func end() { core.end() }
}
