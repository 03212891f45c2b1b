import CLinux
import Glibc
import Synchronization

/// The machine's time base: ticks since power-on at a fixed frequency.
///
/// Two implementations: `HostClock` follows the host's TSC, `ManualClock` (tests) moves by hand.
package protocol Clock: AnyObject, Sendable {
    /// Ticks a second.
    var frequency: UInt64 { get }
    /// Ticks since power-on; never runs backwards.
    func now() -> UInt64
}

/// Time from the host's TSC, scaled: `ticks = ((tsc * factor) >> 32) + offset`.
///
/// Emitted code reads the same three numbers, so that a counter read inside the guest and one
/// taken here agree. Time stands still while the machine is paused.
package final class HostClock: Clock {
    package let frequency: UInt64
    /// 32.32 fixed-point ticks per TSC cycle.
    package let factor: UInt64
    private let base: Atomic<UInt64>
    private let pausedAt = Atomic<UInt64>(UInt64.max)

    /// A pair of readings of the TSC and of CLOCK_MONOTONIC (nanoseconds), taken together.
    package struct Sample: Sendable {
        package let tsc: UInt64
        package let nanoseconds: UInt64

        /// Reads both clocks, keeping the pair whose readings lay closest together.
        package static func take() -> Sample {
            var best = Sample(tsc: 0, nanoseconds: 0)
            var narrowest = UInt64.max
            for _ in 0..<5 {
                let before = viv_rdtsc()
                let nanoseconds = Self.monotonic()
                let width = viv_rdtsc() &- before
                guard width < narrowest else { continue }
                narrowest = width
                best = Sample(tsc: before &+ width / 2, nanoseconds: nanoseconds)
            }
            return best
        }

        private static func monotonic() -> UInt64 {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
        }
    }

    /// Calibrates against `earlier`, a sample from the start of the process: the longer ago, the
    /// better. Waits until at least 4 ms lie between the samples (25 ppm).
    package init(frequency: UInt64, since earlier: Sample) {
        var later = Sample.take()
        while later.nanoseconds &- earlier.nanoseconds < 4_000_000 {
            usleep(200)
            later = Sample.take()
        }
        let ticks = Double(later.nanoseconds &- earlier.nanoseconds) * Double(frequency) / 1e9
        factor = UInt64(ticks / Double(later.tsc &- earlier.tsc) * 4_294_967_296)
        self.frequency = frequency
        base = Atomic(viv_scale(viv_rdtsc(), factor))
    }

    /// What to subtract from the scaled TSC; changes only while every vCPU is parked.
    package var offset: UInt64 { 0 &- base.load(ordering: .relaxed) }

    package func now() -> UInt64 {
        let paused = pausedAt.load(ordering: .relaxed)
        guard paused == UInt64.max else { return paused }
        return viv_scale(viv_rdtsc(), factor) &- base.load(ordering: .relaxed)
    }

    /// Stops time. Call with every vCPU parked.
    package func pause() { pausedAt.store(now(), ordering: .relaxed) }

    /// Lets time go on from where it stopped.
    package func resume() {
        let stopped = pausedAt.load(ordering: .relaxed)
        guard stopped != UInt64.max else { return }
        base.store(viv_scale(viv_rdtsc(), factor) &- stopped, ordering: .relaxed)
        pausedAt.store(UInt64.max, ordering: .relaxed)
    }
}

/// Time that moves only when told to.
package final class ManualClock: Clock {
    package let frequency: UInt64
    private let ticks = Atomic<UInt64>(0)

    package init(frequency: UInt64 = 10_000_000) { self.frequency = frequency }

    package func now() -> UInt64 { ticks.load(ordering: .relaxed) }

    /// Moves time forward by `count` ticks.
    package func advance(by count: UInt64) { ticks.wrappingAdd(count, ordering: .relaxed) }
}
