import CLinux
import Glibc
import Machine
import Synchronization

/// What others ask of a core's thread, as bits.
enum CoreRequest {
    static let park: UInt32 = 1
    static let end: UInt32 = 2
}

extension Core {
    // MARK: Any thread

    /// Makes the core leave what it is doing, sleep included, and attend to its requests. *Any thread.*
    package func kick() {
        _ = viv_exchange32(exitRequest, 1)
        if isAsleep.load(ordering: .sequentiallyConsistent) { sleeper.wake() }
    }

    /// Asks the core to stand still between two instructions. *Any thread.*
    package func park() {
        _ = requests.bitwiseOr(CoreRequest.park, ordering: .sequentiallyConsistent)
        kick()
    }

    /// Waits until a core that was asked to park, or whose thread has ended, stands still. *Any other thread.*
    package func waitUntilParked() { sleeper.await { isParkedValue.load(ordering: .acquiring) } }

    /// Lets a parked core go on. *Any thread.*
    package func unpark() {
        _ = requests.bitwiseAnd(~CoreRequest.park, ordering: .sequentiallyConsistent)
        kick()
    }

    /// Makes the core's thread leave its engine for good. *Any thread.*
    package func end() {
        _ = requests.bitwiseOr(CoreRequest.end, ordering: .sequentiallyConsistent)
        kick()
    }

    /// Whether the core sleeps with nothing that a device or a timer could do to wake it. *Any thread.*
    package var isDormant: Bool {
        isDormantValue.load(ordering: .sequentiallyConsistent) && viv_load32(exitRequest) == 0
    }

    /// Drives one of the core's wires: `CoreSignal`. *Any thread.*
    package func signal(_ bit: UInt32, _ asserted: Bool) {
        if asserted {
            let before = viv_fetch_or32(signals, bit)
            if before & bit == 0 { kick() }
        } else {
            _ = viv_fetch_and32(signals, ~bit)
        }
    }

    /// SIPI: lets a core that waits for it begin in real mode in a page of the first 1 MiB. *Any thread.*
    package func startUp(page: UInt8) {
        startPage.store(page, ordering: .sequentiallyConsistent)
        signal(CoreSignal.startUp, true)
    }

    // MARK: Own thread

    /// Wants one call of `InterruptController.timerExpired` when the clock has reached `deadline`.
    package func setTimer(_ deadline: UInt64) {
        timerDeadline = deadline
        // The next `attend` sets the alarm, and notices a deadline that has already passed.
        viv_store32(exitRequest, 1)
    }

    /// Attends to everything that `exitRequest` may stand for. Returns when guest instructions are to be executed.
    ///
    /// - Returns: false when the core's thread is to end.
    package func attend() -> Bool {
        inbox.isAttended.store(true, ordering: .sequentiallyConsistent)
        while true {
            _ = viv_exchange32(exitRequest, 0)
            serveInbox()
            let asked = requests.load(ordering: .sequentiallyConsistent)
            guard asked & CoreRequest.end == 0 else {
                inbox.isAttended.store(false, ordering: .sequentiallyConsistent)
                standStill()
                return false
            }
            if asked & CoreRequest.park != 0 {
                standStill()
                sleep(until: .max)
                continue
            }
            isParkedValue.store(false, ordering: .sequentiallyConsistent)
            if isReady() { return true }
        }
    }

    private func isReady() -> Bool {
        if debug.isStepping {
            state.pointee.isHalted = false
            return true
        }
        if timerDeadline <= clock.now() {
            timerDeadline = .max
            controller.timerExpired()
        }
        let pending = viv_load32(signals)
        if pending & (CoreSignal.initialise | CoreSignal.startUp) != 0 { takeStart(pending) }
        guard !state.pointee.waitsForStart else {
            sleepDormant()
            return false
        }
        let takesInterrupts = state.pointee.systemFlags & Flag.interrupt != 0
        if pending & CoreSignal.nonMaskable != 0 {
            signal(CoreSignal.nonMaskable, false)
            state.pointee.isHalted = false
            interrupt(2)
        } else if pending & (CoreSignal.interrupt | CoreSignal.external) != 0, takesInterrupts {
            state.pointee.isHalted = false
            if let vector = controller.acknowledge() { interrupt(vector) }
        }
        guard state.pointee.isHalted else {
            setAlarm(timerDeadline)
            return true
        }
        if !takesInterrupts { sleepDormant() } else { sleep(until: timerDeadline) }
        return false
    }

    /// INIT and SIPI (SDM vol. 3, section 9.4.4). A SIPI counts only while the core waits for it.
    private func takeStart(_ pending: UInt32) {
        if pending & CoreSignal.initialise != 0 {
            signal(CoreSignal.initialise, false)
            signal(CoreSignal.nonMaskable, false)
            initialise()
            return viv_store32(exitRequest, 1)
        }
        signal(CoreSignal.startUp, false)
        guard state.pointee.waitsForStart else { return }
        state.pointee.waitsForStart = false
        let page = UInt64(startPage.load(ordering: .sequentiallyConsistent))
        state.pointee.segments[Int(SegmentSlot.cs)].selector = UInt16(page << 8)
        state.pointee.segments[Int(SegmentSlot.cs)].base = page << 12
        registers[Int(Slot.rip)] = 0
        updateMode()
    }

    /// What INIT does: x87 and vector registers, and most model-specific ones, stay (SDM vol. 3, table 9-1).
    private func initialise() {
        let old = state.pointee
        resetState()
        state.pointee.tscOffset = old.tscOffset
        state.pointee.pat = old.pat
        state.pointee.rangeTypes = old.rangeTypes
        state.pointee.machineCheck = old.machineCheck
        state.pointee.miscEnable = old.miscEnable
        state.pointee.instructions = old.instructions
        state.pointee.cr0 |= old.cr0 & (3 << 29)
        startRealMode()
        state.pointee.waitsForStart = id != 0
        tlb.flush()
    }

    /// All but what other threads change.
    private func resetState() {
        var fresh = CoreState()
        fresh.translation = state.pointee.translation
        let shared = MemoryLayout<CoreState>.offset(of: \.signals) ?? 0
        let ranges = [
            MemoryLayout.size(ofValue: fresh.core)..<shared, shared + 4..<MemoryLayout<CoreState>.size,
        ]
        withUnsafeBytes(of: &fresh) { bytes in
            for range in ranges {
                let to = UnsafeMutableRawBufferPointer(
                    start: UnsafeMutableRawPointer(state), count: bytes.count)
                to[range].copyBytes(from: bytes[range])
            }
        }
    }

    /// HLT: the core sleeps, from its next `attend` on, until an interrupt.
    func halt() {
        state.pointee.isHalted = true
        viv_store32(exitRequest, 1)
    }

    private func setAlarm(_ deadline: UInt64) {
        guard deadline != alarmTime else { return }
        alarmTime = deadline
        alarm?.set(alarmNumber, to: deadline)
    }

    private func standStill() {
        setAlarm(.max)
        sleeper.announce { isParkedValue.store(true, ordering: .sequentiallyConsistent) }
    }

    private func sleepDormant() {
        isDormantValue.store(true, ordering: .sequentiallyConsistent)
        fellDormant(self)
        sleep(until: .max)
        isDormantValue.store(false, ordering: .sequentiallyConsistent)
    }

    /// Sleeps until a kick, or until the clock has reached `deadline`.
    private func sleep(until deadline: UInt64) {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        let now = clock.now()
        let wait = deadline == .max ? nil : clock.nanoseconds(forTicks: deadline > now ? deadline &- now : 0)
        sleeper.sleep(nanoseconds: wait) { viv_load32(exitRequest) != 0 }
        isAsleep.store(false, ordering: .sequentiallyConsistent)
    }

    // MARK: While not running

    /// Power-on state, in which all but the first core wait. What was decoded and translated is forgotten.
    package func reset() {
        resetState()
        viv_store32(signals, 0)
        float.pointee = FloatArea()
        timerDeadline = .max
        addressLines = .max
        tlb.flush()
        blocks.clear()
        if id != 0 { startRealMode() }
        state.pointee.waitsForStart = id != 0
        updateMode()
        viv_store32(exitRequest, 1)
    }

    /// Lets the core begin as processors do (SDM vol. 3, section 9.1.4): in real mode, 16 bytes below 4 GiB.
    package func startRealMode() {
        for slot in 0..<6 {
            state.pointee.segments[slot] = .flat(selector: 0, attributes: 0x93)
            state.pointee.segments[slot].limit = 0xFFFF
        }
        state.pointee.segments[Int(SegmentSlot.cs)].selector = 0xF000
        state.pointee.segments[Int(SegmentSlot.cs)].base = 0xFFFF_0000
        state.pointee.ldt.attributes = 0x82
        state.pointee.task.attributes = 0x8B
        (state.pointee.ldt.limit, state.pointee.task.limit) = (0xFFFF, 0xFFFF)
        registers[Int(Slot.rip)] = 0xFFF0
        registers[2] = UInt64(Identification.signature)
        updateMode()
    }

    /// Lets the core begin in 64-bit mode, as boot protocols ask for: flat segments with these selectors, paging on,
    /// interrupts off.
    ///
    /// - Parameters:
    ///   - entry: linear address of the first instruction.
    ///   - pageTables: physical address of the top-level table.
    ///   - descriptors: where the descriptor table that holds the selectors lies, and its limit.
    ///   - argument: RSI.
    package func startLongMode(
        at entry: UInt64, pageTables: UInt64, descriptors: (base: UInt64, limit: UInt16), argument: UInt64
    ) {
        state.pointee.cr0 =
            Control.protection | Control.paging | Control.extensionType | Control.numericError
            | Control.writeProtect
        state.pointee.cr4 = Control.cr4PAE
        state.pointee.cr3 = pageTables
        // What firmware would have done: ranges are on, and memory is cached unless they say otherwise.
        state.pointee.rangeTypes[0] = 1 << 11 | 6
        state.pointee.efer = Control.longModeEnable | Control.longModeActive
        state.pointee.gdt.base = descriptors.base
        state.pointee.gdt.limit = descriptors.limit
        for slot in 0..<6 { state.pointee.segments[slot] = .flat(selector: 0x18, attributes: 0xC093) }
        state.pointee.segments[Int(SegmentSlot.cs)] = .flat(selector: 0x10, attributes: 0xA09B)
        registers[Int(Slot.rip)] = entry
        registers[6] = argument
        updateMode()
    }
}

extension Segment {
    /// Everything from 0 on.
    package static func flat(selector: UInt16, attributes: UInt16) -> Segment {
        var segment = Segment()
        segment.selector = selector
        segment.attributes = attributes
        segment.limit = .max
        return segment
    }
}
