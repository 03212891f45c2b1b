import Machine
import Synchronization

/// The 8254 interval timer of a PC: channel 0 interrupts, channel 2 has its gate and output in port 0x61.
package final class PIT: Sendable {
    /// Ticks a second.
    package static let frequency: UInt64 = 1_193_182

    private struct State {
        var channels = [PITChannel](repeating: PITChannel(), count: 3)
        /// Rises of channel 0 that have been told.
        var told: UInt64 = 0
        var speaker: UInt8 = 0
    }

    private let state = Mutex(State())
    private let clock: any Clock
    private let interrupt: InterruptLine
    private let order = Mutex(())
    private let schedule: @Sendable (UInt64) -> Void

    /// - Parameters:
    ///   - interrupt: pulsed with each rise of channel 0's output.
    ///   - schedule: wants a call of `timerExpired` at that tick of the clock (`UInt64.max`: none), instead of any asked
    ///     for before.
    package init(clock: any Clock, interrupt: InterruptLine, schedule: @escaping @Sendable (UInt64) -> Void) {
        self.clock = clock
        self.interrupt = interrupt
        self.schedule = schedule
    }

    private var now: UInt64 { Self.scale(clock.now(), from: clock.frequency, to: Self.frequency) }

    private static func scale(_ ticks: UInt64, from: UInt64, to: UInt64) -> UInt64 {
        let (high, low) = ticks.multipliedFullWidth(by: to)
        return high < from ? from.dividingFullWidth((high, low)).quotient : .max
    }

    /// The tick that was asked for has come; callable from any thread. Early calls do no harm.
    package func timerExpired() { settle() }

    /// Three counts and the control register.
    package var counterPorts: PortRegister {
        PortRegister(
            read: { [self] offset, _ in read(offset) },
            write: { [self] offset, _, value in write(offset, UInt8(truncatingIfNeeded: value)) },
            reset: { [self] in
                state.withLock { $0 = State() }
                settle()
            })
    }

    /// Port 0x61 (PIIX3 datasheet, section 2.5.4.1): gate of channel 2, speaker; above them the refresh toggle and the
    /// output of channel 2.
    package var speakerPort: PortRegister {
        PortRegister(
            read: { [self] _, _ in
                let now = now
                return state.withLock { state in
                    let refresh: UInt64 = now / 18 & 1 != 0 ? 0x10 : 0
                    return UInt64(state.speaker) | refresh | (state.channels[2].output(now: now) ? 0x20 : 0)
                }
            },
            write: { [self] _, _, value in
                let now = now
                state.withLock {
                    $0.speaker = UInt8(truncatingIfNeeded: value) & 0x0F
                    $0.channels[2].setGate(value & 1 != 0, now: now)
                }
            })
    }

    private func read(_ offset: UInt64) -> UInt64 {
        guard offset < 3 else { return 0 }
        let now = now
        return UInt64(state.withLock { $0.channels[Int(offset)].read(now: now) })
    }

    private func write(_ offset: UInt64, _ value: UInt8) {
        let now = now
        state.withLock { state in
            if offset < 3 {
                state.channels[Int(offset)].write(value, now: now)
                if offset == 0 { state.told = 0 }
            } else if value >> 6 == 3 {
                Self.readBack(&state, value, now)
            } else {
                state.channels[Int(value >> 6)].control(value, now: now)
                if value >> 6 == 0, value & 0x30 != 0 { state.told = 0 }
            }
        }
        settle()
    }

    private static func readBack(_ state: inout State, _ value: UInt8, _ now: UInt64) {
        for channel in 0..<3 where value >> UInt8(channel + 1) & 1 != 0 {
            if value & 0x20 == 0 { state.channels[channel].latchCount(now: now) }
            if value & 0x10 == 0 { state.channels[channel].latchStatus(now: now) }
        }
    }

    /// Pulses the interrupt when channel 0 has risen, however often, and asks for a call at its next rise.
    private func settle() {
        order.withLock { _ in
            let now = now
            let (rises, next) = state.withLock { state in
                let rises = state.channels[0].rises(now: now)
                defer { state.told = rises }
                return (rises != state.told, state.channels[0].nextRise(now: now))
            }
            if rises {
                interrupt.set(false)
                interrupt.set(true)
            }
            // Both scales round down: not before the tick has come.
            let slack = clock.frequency / Self.frequency + 1
            schedule(next.map { Self.scale($0, from: Self.frequency, to: clock.frequency) &+ slack } ?? .max)
        }
    }
}
