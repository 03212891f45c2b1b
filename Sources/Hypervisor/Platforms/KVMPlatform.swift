import CLinux
import Devices
import Firmware
import Host
import KVM
import Machine
import Model
import X86

/// The `micro` board with vCPUs, interrupt controllers and timers of the host's KVM.
final class KVMPlatform: Platform {
    let memory: GuestMemory
    let clock: HostClock
    let accelerator = Accelerator.kvm
    private let machine: KVMMachine
    private let cpus: [KVMCPU]
    private var threads: [KVMThread] = []
    private let board: any X86Board

    init(_ parts: PlatformParts, _ board: MachineBoard) throws {
        let spec = parts.spec
        guard let device = spec.kvm else {
            throw MachineError(.refused, "the machine was not given /dev/kvm")
        }
        guard board == .micro else {
            throw MachineError(.refused, "KVM runs the micro board only so far; use --accel auto")
        }
        try X86Platform.check(spec)
        let plan = try MicroBootPlan(spec)
        memory = try MachineMemory.make(spec.memory, at: 0)
        clock = HostClock(frequency: Identification.timeStampFrequency, since: parts.birth)
        let machine = try KVMMachine(try KVMSystem(device: FileDescriptor(owning: device)))
        self.machine = machine
        try machine.addInterruptControllers()
        try machine.map(memory, slot: 0)
        cpus = try (0..<spec.cpus).map { (id) throws(SystemError) in try KVMCPU(machine, id: id) }
        let (bus, ports) = (AddressSpace(), AddressSpace())
        let halt = Halt()
        let links = parts.links(clock) { halt.park() }
        let kernel = try MicroBoard(
            X86BoardParts(
                spec: spec, memory: memory, bus: bus, ports: ports, cores: [], links: links,
                alarm: try AlarmClock(clock: clock), panel: parts.panel, virtio: parts.virtio,
                line: { line in InterruptLine { machine.setInterrupt(UInt32(line), $0) } }), plan)
        self.board = kernel
        parts.alarm.fire = kernel.clock.alarmExpired
        guard case .linux(let entry) = try kernel.load() else {
            throw MachineError(.internalFault, "the micro board starts no firmware")
        }
        try cpus.first?.startLongMode(at: entry)
        cpus.first?.enterOnce()
        let panel = parts.panel
        threads = try cpus.enumerated().map { (id, cpu) throws(SystemError) in
            try KVMThread(
                cpu, name: "kvm-\(id)", bus: bus, ports: ports,
                lost: { panel.report(.power(.reset)) },
                failed: {
                    panel.report(.engineFailed("KVM cannot go on: it left the guest for reason \($0)"))
                })
        }
        halt.threads = threads
    }

    /// Once one vCPU has asked for power, all stand still.
    private final class Halt: @unchecked Sendable {
        // SAFETY: set once, before any vCPU runs.
        var threads: [KVMThread] = []

        func park() { for thread in threads { thread.park() } }
    }

    var serialPort: SerialPort { board.serial }
    var seat: Seat? { board.seat }
    var resultWord: UInt64? { nil }
    /// KVM does not count them.
    var instructions: UInt64 { 0 }
    /// A vCPU that sleeps does so inside KVM, which does not tell.
    var isDead: Bool { false }

    func load() throws {
        throw MachineError(
            .refused, "a machine under KVM starts once; use --accel translate for a guest that resets")
    }

    /// The first vCPU was put to its first instruction before the jail was sealed.
    func prepare() {}

    func resetDevices() { board.reset() }
    func pauseDevices() { board.pause() }
    func resumeDevices() { board.resume() }
    func clockResumed() {}

    /// KVM's own way of being debugged is not used.
    var debuggedCPUs: [any DebuggedCPU] { [] }
    func debugPointsChanged() {}

    func park() { for thread in threads { thread.park() } }
    func waitUntilParked() { for thread in threads { thread.waitUntilParked() } }
    func unpark() { for thread in threads { thread.unpark() } }
    func end() { for thread in threads { thread.end() } }
}

extension KVMCPU {
    /// Lets the vCPU begin in 64-bit mode as the boot protocol of Linux asks for: see `Core.startLongMode`.
    func startLongMode(at entry: UInt64) throws(SystemError) {
        var special = try systemRegisters
        special.cr0 =
            Control.protection | Control.paging | Control.extensionType | Control.numericError
            | Control.writeProtect
        special.cr3 = BootParameters.Place.pageTables
        special.cr4 = Control.cr4PAE
        special.efer = Control.longModeEnable | Control.longModeActive
        special.gdt.base = BootParameters.Place.descriptors
        special.gdt.limit = UInt16(BootParameters.descriptors.count * 8 - 1)
        special.cs = Self.flat(selector: 0x10, type: 11, isLong: true)
        let data = Self.flat(selector: 0x18, type: 3, isLong: false)
        (special.ds, special.es, special.ss, special.fs, special.gs) = (data, data, data, data, data)
        try set(special)
        var general = kvm_regs()
        general.rip = entry
        general.rsi = BootParameters.Place.parameters
        general.rflags = Flag.fixed
        try set(general)
    }

    private static func flat(selector: UInt16, type: UInt8, isLong: Bool) -> kvm_segment {
        var segment = kvm_segment()
        segment.limit = .max
        segment.selector = selector
        segment.type = type
        (segment.present, segment.s, segment.g) = (1, 1, 1)
        (segment.l, segment.db) = isLong ? (1, 0) : (0, 1)
        return segment
    }
}
