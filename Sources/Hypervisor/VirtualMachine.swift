import Devices
import Glibc
import Host
import Machine
import Model

/// One computer: its parts, made of a `MachineSpec` and wired once, and its life from power-on to its end.
///
/// It belongs to the thread of its loop; vCPUs and devices have threads of their own and report to its
/// front panel. Everything that needs a new thread, descriptor or executable mapping is made in `init`.
package final class VirtualMachine {
    /// Where the machine is in its life.
    enum Phase {
        case assembled, running, paused, ended
    }

    package let spec: MachineSpec
    let platform: any Platform
    let loop: EventLoop
    let serial: SerialLine
    let console: SecondConsole
    let birth: HostClock.Sample
    let report: (MachineEvent) -> Void
    var phase = Phase.assembled
    private(set) var debugger: MachineDebugger?
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
        let panel = FrontPanel(loop: loop)
        let serial = SerialLine(spec.serial, loop: loop) { panel.report(.consoleReady) }
        self.serial = serial
        var consoleEnds = try SocketPair(.stream)
        console = try SecondConsole(stream: consoleEnds.takeNear(), loop: loop)
        let parts = PlatformParts(
            spec: spec, birth: birth, panel: panel, line: serial, alarm: OneShot(loop: loop),
            virtio: try Self.virtioDevices(spec, panel) + [VirtioConsole(stream: consoleEnds.takeFar())])
        let board = spec.board ?? .standard(spec.arch)
        platform =
            if spec.accelerator == .kvm {
                try KVMPlatform(parts, board)
            } else {
                board == .virt ? try VirtPlatform(parts) : try X86Platform(parts, board)
            }
        try connect(panel)
    }

    private func connect(_ panel: FrontPanel) throws(SystemError) {
        panel.act = { [unowned self] in act(on: $0) }
        let (console, port) = (console, platform.serialPort)
        try serial.connect { console.offer($0) ?? port.receive($0) }
        try console.connect(transmit: serial.transmit, wantsInput: serial.wantsInput)
        if let door = spec.debugger, !platform.debuggedCPUs.isEmpty {
            debugger = try MachineDebugger(self, door: door, panel: panel)
        }
    }

    deinit { platform.end() }

    /// The engine in use, never `auto`.
    package var accelerator: Accelerator { platform.accelerator }

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
}
