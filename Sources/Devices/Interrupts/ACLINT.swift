import Machine
import Synchronization

/// Machine software interrupts (MSWI) and the machine timer (MTIMER) of the RISC-V ACLINT
/// Specification 1.0, at the offsets of the SiFive CLINT (its section 5).
///
/// Only the compare registers live here; the harts watch the clock themselves.
package final class ACLINT: DescribedDevice {
    /// What an offset means; the timer's registers are addressed in halves of 32 bits too.
    private enum Register {
        case softwareInterrupt(hart: Int)
        case compare(hart: Int, shift: UInt64)
        case time(shift: UInt64)

        init?(_ offset: UInt64, harts: Int) {
            guard offset & 3 == 0, offset < 0xc000 else { return nil }
            let shift = offset & 4 != 0 ? UInt64(32) : 0
            switch offset {
            case ..<0x4000: self = .softwareInterrupt(hart: Int(offset / 4))
            case 0xbff8...: self = .time(shift: shift)
            default: self = .compare(hart: Int((offset - 0x4000) / 8), shift: shift)
            }
            switch self {
            case .softwareInterrupt(let hart), .compare(let hart, _): guard hart < harts else { return nil }
            case .time: break
            }
        }
    }

    private struct State {
        /// One bit a hart.
        var softwareInterrupts: UInt64 = 0
        var compare: [UInt64]
        /// What the guest's mtime is ahead of the clock, modulo 2^64.
        var timeOffset: UInt64 = 0
    }

    private let harts: Int
    private let clock: any Clock
    private let state: Mutex<State>
    private let softwareInterrupts: InterruptOutputs
    private let timerOrder = Mutex(())
    private let setTimerCompare: @Sendable (_ hart: Int, _ value: UInt64) -> Void

    /// - Parameters:
    ///   - softwareInterrupts: the machine software interrupt of each hart; at most 64.
    ///   - clock: what mtime shows.
    ///   - setTimerCompare: told the tick of `clock` from which on the machine timer interrupt of `hart` is
    ///     pending; `UInt64.max` means never.
    package init(
        softwareInterrupts: [InterruptLine], clock: any Clock,
        setTimerCompare: @escaping @Sendable (_ hart: Int, _ value: UInt64) -> Void
    ) {
        harts = min(softwareInterrupts.count, 64)
        self.clock = clock
        state = Mutex(State(compare: Array(repeating: UInt64.max, count: harts)))
        self.softwareInterrupts = InterruptOutputs(softwareInterrupts)
        self.setTimerCompare = setTimerCompare
    }

    package var description: DeviceDescription {
        DeviceDescription(
            name: "clint", compatible: ["sifive,clint0", "riscv,clint0"], size: 0x1_0000, interrupts: false)
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        guard let register = decode(offset, width) else { return 0 }
        let value: UInt64 =
            switch register {
            case .softwareInterrupt(let hart): state.withLock { $0.softwareInterrupts >> UInt64(hart) & 1 }
            case .compare(let hart, let shift): state.withLock { $0.compare[hart] } >> shift
            case .time(let shift): state.withLock { clock.now() &+ $0.timeOffset } >> shift
            }
        return width == .word ? value & 0xffff_ffff : value
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        switch decode(offset, width) {
        case .softwareInterrupt(let hart): writeSoftwareInterrupt(hart, value & 1 != 0)
        case .compare(let hart, let shift):
            state.withLock { $0.compare[hart] = Self.merge($0.compare[hart], value, width, shift) }
            announceCompare(of: hart...hart)
        case .time(let shift):
            state.withLock {
                let now = clock.now()
                $0.timeOffset = Self.merge(now &+ $0.timeOffset, value, width, shift) &- now
            }
            announceCompare(of: 0...harts - 1)
        case nil: break
        }
    }

    package func reset() {
        state.withLock { $0 = State(compare: Array(repeating: UInt64.max, count: harts)) }
        softwareInterrupts.drive { 0 }
        if harts > 0 { announceCompare(of: 0...harts - 1) }
    }

    /// Words, and doubles where a register is that wide.
    private func decode(_ offset: UInt64, _ width: AccessWidth) -> Register? {
        guard harts > 0, width == .word || width == .double && offset & 7 == 0 else { return nil }
        let register = Register(offset, harts: harts)
        if width == .double, case .softwareInterrupt = register { return nil }
        return register
    }

    private static func merge(_ old: UInt64, _ value: UInt64, _ width: AccessWidth, _ shift: UInt64) -> UInt64
    {
        guard width == .word else { return value }
        return old & ~(0xffff_ffff << shift) | (value & 0xffff_ffff) << shift
    }

    private func writeSoftwareInterrupt(_ hart: Int, _ asserted: Bool) {
        let bit = UInt64(1) << UInt64(hart)
        state.withLock { state in
            if asserted { state.softwareInterrupts |= bit } else { state.softwareInterrupts &= ~bit }
        }
        softwareInterrupts.drive { state.withLock { $0.softwareInterrupts } }
    }

    /// Serialised, so that a hart's last word is the register's last value.
    private func announceCompare(of harts: ClosedRange<Int>) {
        timerOrder.withLock { _ in
            let (compare, offset) = state.withLock { ($0.compare, $0.timeOffset) }
            for hart in harts { setTimerCompare(hart, Self.clockTick(compare[hart], offset)) }
        }
    }

    /// The clock's tick at which mtime reaches `compare`: `compare - offset`, saturating, where offsets
    /// of 2^63 and more stand for an mtime set back behind the clock.
    private static func clockTick(_ compare: UInt64, _ offset: UInt64) -> UInt64 {
        guard compare != UInt64.max else { return compare }
        if offset >> 63 == 0 { return compare >= offset ? compare - offset : 0 }
        let (tick, overflow) = compare.addingReportingOverflow(0 &- offset)
        return overflow ? UInt64.max : tick
    }
}
