import Debugging
import Host
import Machine
import Model

/// The machine's side of debugging: lets one debugger in at a time, and holds the machine for it.
///
/// Belongs to the loop's thread.
final class MachineDebugger {
    private unowned let machine: VirtualMachine
    /// Each message brings the socket of a debugger.
    private let door: Int32
    private let cpus: [any DebuggedCPU]
    private var connection: DebugConnection?
    private var session: DebugSession?

    /// Starts to wait at `door`.
    init(_ machine: VirtualMachine, door: Int32, panel: FrontPanel) throws(SystemError) {
        self.machine = machine
        self.door = door
        cpus = machine.platform.debuggedCPUs
        for cpu in cpus { cpu.debug.reached = { panel.report(.debugStop) } }
        try machine.loop.add(door, .read) { [unowned self] _ in admit() }
    }

    /// Whether the machine stands still because the debugger wants it.
    var isHolding: Bool { session?.isStopped ?? false }

    /// Why no debugger can be let in, one line; `nil` when one can.
    var objection: String? { connection == nil ? nil : "a debugger is there already" }

    private func admit() {
        guard let socket = DescriptorPassing.receive(from: door) else { return machine.loop.remove(door) }
        guard connection == nil, machine.phase != .ended else { return }
        let connection = DebugConnection(socket, loop: machine.loop)
        self.connection = connection
        let session = DebugSession(cpus, controls) { [unowned connection] in connection.send($0) }
        self.session = session
        connection.received = { [unowned session] in session.receive($0) }
        connection.ended = { [unowned self] in
            session.leave()
            close()
        }
        if (try? connection.start()) == nil { connection.ended() }
    }

    private var controls: DebugControls {
        DebugControls(
            stop: { [unowned machine] in machine.hold() },
            resume: { [unowned machine] in machine.release($0) },
            pointsChanged: { [unowned machine] in machine.platform.debugPointsChanged() },
            reset: { [unowned machine] in _ = machine.reset() },
            kill: { [unowned machine] in machine.kill("killed by its debugger") },
            detached: { [unowned self] in close() })
    }

    /// The objects may be at work: they go when they are done.
    private func close() {
        let (connection, session) = (connection, session)
        self.connection = nil
        self.session = nil
        machine.loop.schedule(after: 0) { withExtendedLifetime((connection, session)) {} }
    }

    /// A vCPU has stopped by itself.
    func reached() { session?.reached() }

    /// The machine ends.
    func ended(code: ExitCode?) { session?.ended(code: UInt8(truncatingIfNeeded: code?.rawValue ?? 0)) }
}
