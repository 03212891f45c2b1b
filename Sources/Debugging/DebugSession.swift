import Machine

/// One debugger at a machine: the remote serial protocol without any input and output of its own. Bytes and stops go
/// in, bytes and calls of `DebugControls` come out.
///
/// All vCPUs stop together ("all-stop"); each is a thread, whose number is its index plus one. Belongs to one thread.
package final class DebugSession {
    let cpus: [any DebuggedCPU]
    let controls: DebugControls
    private let send: ([UInt8]) -> Void
    private var reader = PacketReader()
    private var lastPacket: [UInt8] = []
    var acknowledges = true
    /// Whether all vCPUs stand still.
    package internal(set) var isStopped = false
    /// The vCPU that `g`, `m` and their like mean, and the one that commands of old resume.
    var current = 0
    var stepped = 0
    /// What the debugger was, or will be, told about the last stop.
    var lastStop = DebugStop.interrupted
    var points = DebugPoints()
    /// Addresses of memory are physical.
    var isPhysical = false
    /// The debugger knows how to tell breakpoints from other traps.
    var tellsBreakpoints = false
    var description: String?

    /// Stops the machine.
    ///
    /// - Parameters:
    ///   - cpus: at least one.
    ///   - send: takes what the debugger is to be sent.
    package init(
        _ cpus: [any DebuggedCPU], _ controls: DebugControls, send: @escaping ([UInt8]) -> Void
    ) {
        self.cpus = cpus
        self.controls = controls
        self.send = send
        halt()
    }

    /// Takes what the debugger sends.
    package func receive(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            switch reader.take(byte) {
            case .packet(let content):
                if acknowledges { send([UInt8(ascii: "+")]) }
                if let answer = answer(content) { reply(answer) }
            case .damaged: if acknowledges { send([UInt8(ascii: "-")]) }
            case .interrupt: interrupt()
            case .acknowledged(false): if acknowledges { send(lastPacket) }
            case .acknowledged(true), nil: break
            }
        }
    }

    /// A vCPU has stopped by itself. A report that was overtaken by another stop is ignored.
    package func reached() {
        guard !isStopped else { return }
        let found = cpus.indices.first { cpus[$0].debug.stop != nil }
        guard let found, let stop = cpus[found].debug.stop else { return }
        halt()
        (current, stepped, lastStop) = (found, found, stop)
        reply(stopReply)
    }

    /// The machine has ended.
    package func ended(code: UInt8) { reply("W" + Hex.digits([code])) }

    /// The debugger has gone without a word, or said goodbye: the machine goes on as if it had never been there.
    package func leave() {
        halt()
        points = DebugPoints()
        pointsChanged()
        go(Array(cpus.indices), stepping: [])
    }

    func reply(_ content: String) {
        lastPacket = PacketReader.packet(content)
        send(lastPacket)
    }

    // MARK: Running and standing still

    func halt() {
        controls.stop()
        isStopped = true
        for cpu in cpus { cpu.debug.isStepping = false }
    }

    /// Lets vCPUs go on; those of `stepping` for one instruction.
    func go(_ running: [Int], stepping: [Int]) {
        for (index, cpu) in cpus.enumerated() {
            cpu.debug.stop = nil
            cpu.debug.isStepping = stepping.contains(index)
        }
        isStopped = false
        controls.resume(Array(Set(running + stepping)).sorted())
    }

    private func interrupt() {
        guard !isStopped else { return }
        halt()
        lastStop = .interrupted
        reply(stopReply)
    }

    func pointsChanged() {
        for cpu in cpus { cpu.debug.points = points }
        controls.pointsChanged()
    }

    /// What `?` and every stop are answered with (GDB manual, "Stop Reply Packets").
    var stopReply: String {
        let thread = "thread:\(Hex.digits(UInt64(current + 1)));"
        switch lastStop {
        case .breakpoint(let kind):
            guard tellsBreakpoints else { return "T05" + thread }
            return "T05" + thread + (kind == .software ? "swbreak:;" : "hwbreak:;")
        case .watch(let watch):
            let name =
                switch watch.kind {
                case .write: "watch"
                case .read: "rwatch"
                case .any: "awatch"
                }
            return "T05" + thread + "\(name):\(Hex.digits(watch.address));"
        case .step: return "T05" + thread
        case .interrupted: return "T02" + thread
        }
    }
}
