import Devices
import Disks
import Firmware
import Host
import Machine
import Model
import X86

/// An x86-64 core on the `pc` board, started in real mode by its firmware's first instruction.
final class PCPlatform: Platform {
    let memory: GuestMemory
    let clock: HostClock
    let accelerator = Accelerator.interpret
    private let core: Core
    private let board: PCBoard
    private let firmware: [UInt8]
    /// Not on this board, but the machine's second console wants its other end.
    private let unused: [any VirtioDevice]

    init(_ parts: PlatformParts) throws {
        let spec = parts.spec
        try Self.check(spec)
        firmware = try Self.readFirmware(spec.firmware)
        memory = try MachineMemory.make(spec.memory, at: 0)
        clock = HostClock(frequency: Identification.timeStampFrequency, since: parts.birth)
        unused = parts.virtio
        let (bus, ports) = (AddressSpace(), AddressSpace())
        let alarm = try AlarmClock(clock: clock)
        let core = Core(id: 0, memory: memory, bus: bus, ports: ports, clock: clock, alarm: alarm)
        self.core = core
        // As on the micro board: whatever it did next would be taken for what it does after the reset.
        let links = parts.links(clock) { core.park() }
        let panel = parts.panel
        board = try PCBoard(
            bus: bus, ports: ports,
            PCBoard.Parts(
                memory: memory, core: core, links: links, disks: try VirtualDisks.images(spec),
                reportError: { panel.report(.diskError("\($0)")) }, firmware: firmware, alarm: alarm))
        parts.alarm.fire = board.clock.alarmExpired
        core.shutDown = { links.power(.reset) }
        core.fellDormant = { _ in panel.report(.dormant) }
        core.park()
        try load()
        _ = try Thread(name: "core-0") { Interpreter(core).run() }
    }

    /// What this platform cannot do, said before anything is made.
    private static func check(_ spec: MachineSpec) throws(MachineError) {
        if spec.cpus != 1 {
            throw MachineError(
                .refused, "an x86_64 machine has one CPU so far, not \(spec.cpus): leave out --cpus")
        }
        if spec.accelerator == .translate {
            throw MachineError(.refused, "the pc board interprets so far; use --accel interpret")
        }
        if spec.kernel != nil || spec.initrd != nil {
            throw MachineError(.refused, "the pc board starts from a disk; for a kernel use --board micro")
        }
        if spec.deviceTreeDump != nil {
            throw MachineError(.refused, "an x86_64 machine has no device tree; leave out --dump-dtb")
        }
        guard spec.memory <= PCMap.largestMemory else {
            throw MachineError(
                .refused,
                "an x86_64 machine has at most \(ByteSize(bytes: PCMap.largestMemory)) of memory so far")
        }
        if spec.disks.count > 4 { throw MachineError(.refused, "the pc board has room for four disks") }
    }

    private static func readFirmware(_ descriptor: Int32?) throws(MachineError) -> [UInt8] {
        guard let descriptor else { throw MachineError(.badCommandLine, "the pc board needs firmware") }
        do throws(KernelError) {
            let file = try BootFile(descriptor: descriptor)
            let sizes = UInt64(PCMap.smallestFirmware)...UInt64(PCMap.largestFirmware)
            guard sizes.contains(file.size), file.size % UInt64(PCMap.smallestFirmware) == 0 else {
                throw KernelError.unknownFormat
            }
            return try file.contents()
        } catch {
            throw MachineError(.unusableFile, "the firmware \(error)")
        }
    }

    var serialPort: SerialPort { board.serial }
    var resultWord: UInt64? { nil }
    var instructions: UInt64 { core.state.pointee.instructions }
    var isDead: Bool { core.isDormant }

    /// The end of the firmware is seen below 1 MiB, too.
    func load() throws {
        let shadow = firmware.suffix(PCMap.shadowSize)
        let place = PCMap.shadowEnd - UInt64(shadow.count)
        _ = Array(shadow).withUnsafeBytes { memory.write(place, from: $0) }
    }

    func prepare() {
        core.reset()
        core.startRealMode()
    }

    func resetDevices() { board.reset() }

    /// Disks are moved by the core, which does not run then.
    func pauseDevices() {}

    func resumeDevices() {}

    /// The core asks the clock itself.
    func clockResumed() {}

    func park() { core.park() }

    func waitUntilParked() { core.waitUntilParked() }

    func unpark() { core.unpark() }

    func end() { core.end() }
}
