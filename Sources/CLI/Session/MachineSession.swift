import Glibc
import Host
import Model
import NetworkStack

/// One running machine from the side of its parent: starts `viv-machine`, relays its serial port and
/// network, answers its control socket and waits for its end.
///
/// Everything runs on the thread that made the session; the machine dies with that thread.
final class MachineSession {
    /// How long a guest may take to power down after it was asked to.
    static let graceSeconds: UInt64 = 15

    let id: MachineID
    let loop: EventLoop
    let serial: SerialLine?
    let channel: MachineChannel
    /// The memory of the machine's screen, if it has one.
    let screen: ScreenMemory?
    private let transcript = Transcript()
    private let child: ChildProcess
    private let directory: RuntimeDirectory
    private let listener: ControlListener
    private let debugger: DebugListener?
    private let pump: Pump?
    private let viewers: ViewerServer?
    private var lastEvent: MachineEvent?
    private var verdict: Outcome?
    private var panic: PanicWatch?
    private var isStopping = false
    /// Takes each event of the machine.
    var happened: (MachineEvent) -> Void = { _ in }

    /// Opens all files of `request`, then starts the machine.
    init(_ request: BootRequest, serial wantsSerial: Bool, loop: EventLoop) throws {
        id = MachineID(random: try Random.bytes(8).reduce(0) { $0 << 8 | UInt64($1) })
        self.loop = loop
        var control = try SocketPair(.stream)
        var plan = try MachinePlan(request, id: id, control: control.takeFar())
        serial = wantsSerial ? try Self.connectSerial(&plan, loop: loop) : nil
        pump = try Self.connectNetwork(request.network, &plan)
        var debuggers = try SocketPair(.messages)
        plan.connectDebuggers(debuggers.takeFar())
        screen = request.hasScreen ? try Self.connectScreen(&plan) : nil
        directory = try RuntimeDirectory.standard()
        try directory.create(id)
        do {
            child = try Self.start(plan)
            channel = try MachineChannel(control.takeNear(), spec: plan.spec, loop: loop)
            let door = DebugDoor(debuggers.takeNear(), channel: channel)
            listener = try ControlListener(
                path: directory.controlSocket(of: id), channel: channel, door: door, loop: loop)
            debugger = try request.debugger.map { try DebugListener($0, door, loop: loop) }
            viewers = try Self.serveViewers(request.display, screen, plan.spec.name, channel, loop)
        } catch {
            directory.remove(id)
            throw error
        }
        panic = request.watchesForPanic ? PanicWatch() : nil
        try pump?.start()
        try watch()
    }

    private static func connectSerial(_ plan: inout MachinePlan, loop: EventLoop) throws -> SerialLine {
        var pair = try SocketPair(.stream)
        plan.connectSerial(pair.takeFar())
        return try SerialLine(pair.takeNear(), loop: loop)
    }

    private static func connectNetwork(_ option: NetworkOption, _ plan: inout MachinePlan) throws -> Pump? {
        guard case .user(let forwards) = option else { return nil }
        var pair = try SocketPair(.messages)
        plan.connectNetwork(pair.takeFar())
        let configuration = NetworkConfiguration(forwards: forwards, hostName: "vivarium")
        return try Pump(frameSocket: pair.takeNear().release(), configuration: configuration)
    }

    private static func connectScreen(_ plan: inout MachinePlan) throws -> ScreenMemory {
        let memory = try ScreenMemory()
        plan.connectScreen(try memory.file.duplicate())
        return memory
    }

    private static func serveViewers(
        _ display: DisplayOption, _ screen: ScreenMemory?, _ name: String, _ channel: MachineChannel,
        _ loop: EventLoop
    ) throws -> ViewerServer? {
        guard case .viewers(let place, let passwordFile) = display, let screen else { return nil }
        let password = try passwordFile.map(ViewerServer.password)
        return try ViewerServer(
            place, password: password, name: name, screen: screen, channel: channel, loop: loop)
    }

    private static func start(_ plan: MachinePlan) throws -> ChildProcess {
        let program = try MachineProgram.locate()
        // Of our own streams the machine keeps standard error alone, for last words.
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let streams = [ChildProcess.Inheritance(null.raw, as: 0), ChildProcess.Inheritance(null.raw, as: 1)]
        return try ChildProcess(program, [], inherit: streams + plan.handover.inheritance)
    }

    private func watch() throws(SystemError) {
        channel.happened = { [unowned self] in self.receive($0) }
        listener.killRequested = { [unowned self] in self.killSoon() }
        listener.answerHere = { [unowned self] in self.answer($0) }
        listener.screen = { [unowned self] in self.screen?.file.raw }
        try loop.add(child.pidfd, .read) { [unowned self] _ in
            self.loop.remove(self.child.pidfd)
            self.loop.stop()
        }
    }

    private func receive(_ event: MachineEvent) {
        lastEvent = event
        happened(event)
    }

    /// Serves until the machine has ended and its last output was delivered.
    func run() -> Outcome {
        loop.run()
        let exit = child.reap()
        channel.drain()
        serial?.drain()
        pump?.stop()
        viewers?.finish()
        directory.remove(id)
        return verdict ?? Outcome(last: lastEvent, exit: exit)
    }

    /// The machine's last words about time and instructions.
    func exitLine(for outcome: Outcome) -> ExitLine {
        ExitLine(
            reason: outcome.reason, code: outcome.code.rawValue,
            seconds: lastEvent?.seconds ?? 0, instructions: lastEvent?.instructions ?? 0)
    }
}

// MARK: - Ending

extension MachineSession {
    /// Asks the guest to power down and ends it when it does not; a second call ends it at once.
    func stop() {
        guard !isStopping else { return kill() }
        isStopping = true
        channel.ask(.stop) { [unowned self] reply in
            if reply.refusal != nil { self.kill() }
        }
        loop.schedule(after: Self.graceSeconds * 1_000_000_000) { [weak self] in self?.kill() }
    }

    /// Ends the machine now.
    func kill() {
        channel.ask(.kill)
        killSoon()
    }

    /// A machine that does not end by itself within two seconds is killed.
    private func killSoon() {
        loop.schedule(after: 2_000_000_000) { [weak self] in self?.child.signal(SIGKILL) }
    }

    /// Looks at console output, for whoever asks for it, and for a kernel panic; one ends the machine when its report is out.
    func inspect(_ output: [UInt8]) {
        transcript.take(output)
        guard panic?.take(output) == true else { return }
        panic = nil
        verdict = Outcome(.guestFailed, "the guest's kernel panicked: see the console above")
        loop.schedule(after: 1_000_000_000) { [weak self] in self?.kill() }
    }
}

// MARK: - What is asked of us, not of the machine

extension MachineSession {
    /// The answer to a request about the serial port; `nil` for what the machine itself must answer.
    private func answer(_ request: ControlRequest) -> ControlReply? {
        var reply = ControlReply(reply: request.request)
        switch request.command {
        case .input:
            guard let serial else { return ControlReply(reply: request.request, refusal: "no serial port") }
            transcript.clear()
            serial.send(Array((request.text ?? "").utf8))
        case .transcript: reply.text = transcript.text
        case .press:
            transcript.clear()
            return nil
        default: return nil
        }
        return reply
    }
}
