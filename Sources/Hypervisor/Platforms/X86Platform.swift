import Devices
import Host
import Machine
import Model
import X86

/// x86-64 cores on one of their boards.
final class X86Platform: Platform {
    let memory: GuestMemory
    let clock: HostClock
    let accelerator: Accelerator
    /// The first one starts; others wait for it to start them.
    private let cores: [Core]
    private let board: any X86Board
    private var start: X86Start

    init(_ parts: PlatformParts, _ board: MachineBoard) throws {
        let spec = parts.spec
        try Self.check(spec)
        accelerator = X86Engine.resolve(spec.accelerator)
        clock = HostClock(frequency: Identification.timeStampFrequency, since: parts.birth)
        let alarm = try AlarmClock(clock: clock)
        // Files are looked at before RAM is asked for, so that the first complaint is the cheapest.
        let make = try Self.maker(of: board, spec)
        memory = try MachineMemory.make(spec.memory, at: 0)
        let (bus, ports) = (AddressSpace(), AddressSpace())
        let (memory, clock) = (memory, clock)
        let watch = CodeWatch(memory: memory)
        let level = try Self.featureLevel(spec.cpuModel)
        let cores = (0..<spec.cpus).map {
            Core(
                id: UInt32($0), memory: memory, bus: bus, ports: ports, clock: clock, alarm: alarm,
                watch: watch)
        }
        for core in cores { core.featureLevel = level }
        self.cores = cores
        // Once one has asked for power, or has lost control, the cores stand still: whatever they do next would
        // be taken for what they do after that.
        let links = parts.links(clock) { for core in cores { core.park() } }
        self.board = try make(
            X86BoardParts(
                spec: spec, memory: memory, bus: bus, ports: ports, cores: cores, links: links, alarm: alarm,
                panel: parts.panel, virtio: parts.virtio))
        parts.alarm.fire = self.board.clock.alarmExpired
        for core in cores {
            core.shutDown = { links.power(.reset) }
            core.fellDormant = { [panel = parts.panel] _ in panel.report(.dormant) }
            core.park()
        }
        start = try self.board.load()
        for core in cores {
            let run = try X86Engine.make(accelerator, core, isAlone: cores.count == 1)
            _ = try Thread(name: "core-\(core.id)") { run() }
        }
    }

    /// What no board of these can do, said before anything is made.
    static func check(_ spec: MachineSpec) throws(MachineError) {
        if spec.deviceTreeDump != nil {
            throw MachineError(.refused, "an x86_64 machine has no device tree; leave out --dump-dtb")
        }
        guard spec.memory <= X86Map.largestMemory else {
            throw MachineError(
                .refused,
                "an x86_64 machine has at most \(ByteSize(bytes: X86Map.largestMemory)) of memory so far")
        }
    }

    /// What a model's processors tell of; why there can be none, for others.
    private static func featureLevel(_ model: CPUModel?) throws(MachineError) -> FeatureLevel {
        let level: FeatureLevel
        switch model ?? .host {
        case .v1: level = .baseline
        case .v2: level = .v2
        case .host: level = .all
        case .v3:
            throw MachineError(
                .refused, "x86-64-v3 needs AVX2 and FMA, which no guest has yet; use --cpu host")
        case .v4:
            throw MachineError(.refused, "x86-64-v4 needs AVX-512, which no guest can have; use --cpu host")
        }
        guard level.isSupported else {
            throw MachineError(.refused, "this host lacks SSE4.2, which x86-64-v2 has; use --cpu x86-64-v1")
        }
        return level
    }

    /// Looks at the files that `board` starts from; what makes it of the rest.
    private static func maker(
        of board: MachineBoard, _ spec: MachineSpec
    ) throws -> (X86BoardParts) throws -> any X86Board {
        if board == .pc {
            let plan = try PCBootPlan(spec)
            return { try PCBoard($0, plan) }
        }
        let plan = try MicroBootPlan(spec)
        return { try MicroBoard($0, plan) }
    }

    var serialPort: SerialPort { board.serial }
    var seat: Seat? { board.seat }
    var resultWord: UInt64? { nil }
    var instructions: UInt64 { cores.reduce(0) { $0 &+ $1.state.pointee.instructions } }
    var isDead: Bool { cores.allSatisfy(\.isDormant) }

    func load() throws { start = try board.load() }

    func prepare() {
        for core in cores { core.reset() }
        start.place(cores[0])
    }

    func resetDevices() { board.reset() }

    func pauseDevices() { board.pause() }

    func resumeDevices() { board.resume() }

    /// The cores ask the clock themselves.
    func clockResumed() {}

    var debuggedCPUs: [any DebuggedCPU] { cores }

    func debugPointsChanged() { for core in cores { core.debugPointsChanged() } }

    func park() { for core in cores { core.park() } }

    func waitUntilParked() { for core in cores { core.waitUntilParked() } }

    func unpark() { for core in cores { core.unpark() } }

    func end() { for core in cores { core.end() } }
}
