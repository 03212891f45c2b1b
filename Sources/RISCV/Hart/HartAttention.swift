import CLinux
import Glibc
import Machine
import Synchronization

// What the hart's own thread does between two stretches of guest instructions.
extension Hart {
    /// Attends to everything that `exitRequest` may stand for: requests of the engine, parking, stopping,
    /// WFI, timers and interrupts. Returns when guest instructions are to be executed, `pc` pointing to the
    /// next one.
    ///
    /// - Returns: false when the hart's thread is to end.
    package func attend() -> Bool {
        while true {
            _ = viv_exchange32(state.exitRequest, 0)
            serveEngine?()
            let asked = requests.load(ordering: .sequentiallyConsistent)
            guard asked & HartRequest.end == 0 else {
                standStill()
                return false
            }
            if asked & HartRequest.park != 0 {
                standStill()
                sleep(until: .max)
                continue
            }
            isParkedValue.store(false, ordering: .sequentiallyConsistent)
            if isReady() { return true }
        }
    }

    /// Brings the hart to where it can execute, or sleeps a while and returns false.
    private func isReady() -> Bool {
        switch condition {
        case .stopped:
            sleepDormant(until: .max)
            return false
        case .startPending:
            let (address, argument) = sleeper.announce { (startAddress, startArgument) }
            begin(at: address, argument: argument)
        case .started, .suspended:
            break
        }
        let deadline = refreshTimers()
        if debug.isStepping {
            isWaiting = false
            return true
        }
        if isWaiting {
            guard state.hasWakingInterrupt else {
                sleepWaiting(until: deadline)
                return false
            }
            endWait()
        }
        if let code = state.interruptToTake { state.takeInterrupt(code) }
        setAlarm(deadline)
        return true
    }

    /// Supervisor mode without translation and interrupts (SBI, "Hart State Management").
    private func begin(at address: UInt64, argument: UInt64) {
        state.pointee.x[10] = id
        state.pointee.x[11] = argument
        state.pointee.pc = address
        state.pointee.satp = 0
        state.pointee.mstatus &= ~(Status.sie | Status.mprv)
        state.pointee.privilege = Privilege.supervisor.rawValue
        isWaiting = false
        set(.started)
    }

    private func endWait() {
        isWaiting = false
        guard condition == .suspended else { return }
        set(.started)
        guard let resumption else { return }
        self.resumption = nil
        begin(at: resumption.address, argument: resumption.argument)
    }

    private func standStill() {
        setAlarm(.max)
        sleeper.announce { isParkedValue.store(true, ordering: .sequentiallyConsistent) }
    }

    // MARK: Sleeping

    private func sleepWaiting(until deadline: UInt64) {
        let enabled = state.pointee.mie
        let due = enabled & (Interrupts.mti | Interrupts.sti) != 0 ? deadline : .max
        if due == .max, enabled & (Interrupts.mei | Interrupts.sei) == 0 {
            sleepDormant(until: due)
        } else {
            sleep(until: due)
        }
    }

    private func sleepDormant(until deadline: UInt64) {
        isDormantValue.store(true, ordering: .sequentiallyConsistent)
        fellDormant?(self)
        sleep(until: deadline)
        isDormantValue.store(false, ordering: .sequentiallyConsistent)
    }

    /// Sleeps until a kick, or until the clock has reached `deadline`.
    private func sleep(until deadline: UInt64) {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        let now = clock.now()
        let wait = deadline == .max ? nil : clock.nanoseconds(forTicks: deadline > now ? deadline &- now : 0)
        sleeper.sleep(nanoseconds: wait) { viv_load32(state.exitRequest) != 0 }
        isAsleep.store(false, ordering: .sequentiallyConsistent)
    }

    /// WRS.NTO and WRS.STO: gives other threads the processor for a short while, until the reserved memory
    /// changes or the hart is asked for (unprivileged spec, "Zawrs"; ending early is always allowed).
    package func waitOnReservation() {
        let count = UInt64(state.pointee.reservationSize)
        guard let pointer = memory.pointer(to: state.pointee.reservationAddress, count: count) else { return }
        for _ in 0..<32 {
            let value = count == 8 ? viv_load64(pointer) : UInt64(viv_load32(pointer))
            let changed = value != state.pointee.reservationValue
            if changed || viv_load32(state.exitRequest) != 0 || state.hasWakingInterrupt { return }
            sched_yield()
        }
    }
}
