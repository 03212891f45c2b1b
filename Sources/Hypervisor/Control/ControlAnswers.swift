import Glibc
import Model

extension VirtualMachine {
    /// Does what a request asks for.
    package func answer(_ request: ControlRequest, jail: [String]) -> ControlReply {
        var reply = ControlReply(reply: request.request)
        switch request.command {
        case .stop:
            // A guest that stands still cannot power down.
            _ = resume()
            askToPowerDown()
        case .kill: kill("killed on request")
        case .pause: if !pause() { reply.refusal = "the machine does not run" }
        case .resume:
            let isHeld = debugger?.isHolding ?? false
            if !resume() {
                reply.refusal = isHeld ? "a debugger holds the machine" : "the machine is not paused"
            }
        case .reset: if !reset() { reply.refusal = "the machine cannot start again" }
        case .debug:
            let none = "this machine takes no debugger: under KVM none does"
            reply.refusal = debugger.map(\.objection) ?? none
        case .status: reply.status = status(jail)
        case .screen, .picture, .press, .point: answer(request, platform.seat, &reply)
        case .input, .transcript: reply.refusal = "that is for the process that started the machine to answer"
        }
        return reply
    }

    private func answer(_ request: ControlRequest, _ seat: Seat?, _ reply: inout ControlReply) {
        guard let seat else {
            reply.refusal = "the machine has neither screen nor keyboard"
            return
        }
        switch request.command {
        case .press: reply.refusal = seat.press(request.keys ?? [])
        case .point: if let motion = request.motion { seat.point(motion) }
        default:
            reply.screen = seat.draw(isBlinkedOff: request.isBlinkedOff ?? false)
            if reply.screen == nil { reply.refusal = "the screen has too many pixels" }
        }
    }

    private func status(_ jail: [String]) -> MachineStatus {
        let state: MachineStatus.State =
            switch phase {
            case .assembled, .running: .running
            case .paused: .paused
            case .ended: .ended
            }
        return MachineStatus(
            id: spec.id, name: spec.name, arch: spec.arch, state: state, cpus: spec.cpus, memory: spec.memory,
            accelerator: accelerator, processID: getpid(), seconds: seconds, instructions: instructions,
            jail: jail)
    }
}
