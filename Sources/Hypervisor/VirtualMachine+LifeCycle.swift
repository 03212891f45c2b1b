import Glibc
import Machine
import Model

// From power-on to the end. All of it happens on the loop's thread.
extension VirtualMachine {
    /// How often the word by which a test program reports is looked at.
    private static let toHostPeriod: UInt64 = 10_000_000

    /// Lets the first instruction run.
    package func powerOn() {
        guard phase == .assembled else { return }
        platform.waitUntilParked()
        platform.prepare()
        phase = .running
        emit(.started)
        if let word = platform.resultWord { watch(word) }
        if spec.waitsForDebugger {
            _ = pause()
        } else {
            platform.unpark()
        }
    }

    /// Stops every vCPU, device and the clock between two instructions. False when that cannot be.
    package func pause() -> Bool {
        guard phase == .running else { return phase == .paused }
        holdStill()
        platform.clock.pause()
        phase = .paused
        emit(.paused)
        return true
    }

    /// Goes on after `pause`. False when that cannot be, as a debugger holds the machine.
    package func resume() -> Bool {
        if debugger?.isHolding ?? false { return false }
        guard phase == .paused else { return phase == .running }
        platform.clock.resume()
        platform.clockResumed()
        phase = .running
        emit(.resumed)
        goOn()
        return true
    }

    /// Starts the guest again from power-on; a paused machine runs then.
    package func reset() -> Bool {
        guard phase == .running || phase == .paused else { return false }
        holdStill()
        if phase == .paused { platform.clock.resume() }
        earlierInstructions = instructions
        platform.resetDevices()
        console.reset()
        platform.memory.clear()
        do {
            try platform.load()
        } catch {
            end(.refused, "cannot start again: \(error)", code: Int64(ExitCode.unusableFile.rawValue))
            return false
        }
        platform.prepare()
        emit(.rebooted)
        guard phase != .ended else { return true }
        if debugger?.isHolding ?? false {
            platform.clock.pause()
            phase = .paused
        } else {
            phase = .running
            goOn()
        }
        return true
    }

    /// Ends the machine now, whatever the guest does.
    package func kill(_ reason: String) { end(.ended, reason) }

    func act(on notice: FrontPanel.Notice) {
        guard phase == .running || phase == .paused else { return }
        switch notice {
        case .power(.powerOff): end(.poweredOff)
        case .power(.reset): _ = reset()
        case .power(.failed(let code)): end(.guestFailed, "the guest reports a failure", code: Int64(code))
        case .dormant: endIfDead()
        case .consoleReady: emit(.consoleReady)
        case .diskError(let text): emit(.diskError, text)
        case .engineFailed(let text): end(.guestFailed, text)
        case .debugStop: debugger?.reached()
        }
    }
}

// MARK: - For the debugger

extension VirtualMachine {
    /// Stops every vCPU, device and the clock, if they are not so.
    func hold() {
        guard phase == .running else { return }
        holdStill()
        platform.clock.pause()
        phase = .paused
    }

    /// Lets devices, the clock and these vCPUs go on.
    func release(_ cpus: [Int]) {
        guard phase == .paused else { return }
        platform.clock.resume()
        platform.clockResumed()
        phase = .running
        platform.resumeDevices()
        for index in cpus { platform.debuggedCPUs[index].unpark() }
    }
}

// MARK: - Steps

extension VirtualMachine {
    private func holdStill() {
        platform.park()
        platform.waitUntilParked()
        platform.pauseDevices()
    }

    /// Unless whoever heard of the event has ended the machine.
    private func goOn() {
        guard phase == .running else { return }
        platform.resumeDevices()
        platform.unpark()
    }

    /// A machine whose vCPUs are all stopped or asleep with nothing enabled can never run again.
    private func endIfDead() {
        guard phase == .running, platform.isDead else { return }
        end(.guestFailed, "every CPU has stopped or waits for an interrupt that it has not enabled")
    }

    /// Ends the machine when a test program has reported: 1 is success, other odd words are failures
    /// (the riscv-tests' convention).
    private func watch(_ word: UInt64) {
        loop.schedule(after: Self.toHostPeriod) { [unowned self] in
            guard phase != .ended else { return }
            let value = platform.memory.load64(word) ?? 0
            guard phase == .running, value & 1 != 0 else { return watch(word) }
            if value == 1 { return end(.poweredOff, "the test program has passed") }
            end(.guestFailed, "the test program has failed", code: Int64(bitPattern: value >> 1))
        }
    }

    private func end(_ kind: MachineEvent.Kind, _ detail: String? = nil, code: Int64? = nil) {
        guard phase != .ended else { return }
        if kind != .ended { holdStill() }
        phase = .ended
        serial.drain()
        debugger?.ended(code: MachineEvent(kind, seconds: 0, instructions: 0, code: code).exitCode)
        emit(kind, detail, code: code)
    }

    private func emit(_ kind: MachineEvent.Kind, _ detail: String? = nil, code: Int64? = nil) {
        report(MachineEvent(kind, seconds: seconds, instructions: instructions, detail: detail, code: code))
    }

    /// Wall-clock seconds since the start of the process, to the microsecond.
    var seconds: Double {
        let nanoseconds = HostClock.Sample.take().nanoseconds &- birth.nanoseconds
        return Double(nanoseconds / 1000) / 1e6
    }

    /// Guest instructions retired so far, over all boots; of running vCPUs as far as they have told.
    var instructions: UInt64 { earlierInstructions &+ platform.instructions }
}
