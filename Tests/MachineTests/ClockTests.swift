import CLinux
import Machine
import Testing

@Suite("Clocks")
struct ClockTests {
    /// Calibrated against a sample of now: the least that the clock allows.
    private func hostClock(frequency: UInt64 = 10_000_000) -> HostClock {
        HostClock(frequency: frequency, since: .take())
    }

    @Test("The host clock starts near zero and never runs backwards")
    func monotonic() {
        let clock = hostClock()
        var last = clock.now()
        #expect(last < 10_000_000)
        for _ in 0..<10_000 {
            let now = clock.now()
            #expect(now >= last)
            last = now
        }
    }

    @Test("It agrees with the formula that emitted code computes")
    func formula() {
        let clock = hostClock()
        let before = clock.now()
        let emitted = viv_scale(viv_rdtsc(), clock.factor) &+ clock.offset
        let after = clock.now()
        #expect(before <= emitted && emitted <= after)
    }

    @Test(
        "Its rate is that of the monotonic clock",
        arguments: [1_000_000, 10_000_000, 1_000_000_000] as [UInt64])
    func rate(frequency: UInt64) {
        let start = HostClock.Sample.take()
        let clock = HostClock(frequency: frequency, since: start)
        let end = HostClock.Sample.take()
        let seconds = Double(end.nanoseconds - start.nanoseconds) / 1e9
        let ticks = viv_scale(end.tsc &- start.tsc, clock.factor)
        #expect(abs(Double(ticks) / Double(frequency) - seconds) < seconds * 0.02 + 2 / Double(frequency))
        #expect(clock.frequency == frequency)
    }

    @Test("Time stands still while paused and goes on from there")
    func pause() {
        let clock = hostClock()
        clock.pause()
        let stopped = clock.now()
        _ = HostClock.Sample.take()
        #expect(clock.now() == stopped)
        clock.pause()
        #expect(clock.now() == stopped)
        clock.resume()
        let resumed = clock.now()
        #expect(resumed >= stopped)
        clock.resume()
        #expect(clock.now() >= resumed)
    }

    @Test("Manual time moves when told")
    func manual() {
        let clock = ManualClock(frequency: 1000)
        #expect(clock.now() == 0)
        clock.advance(by: 5)
        clock.advance(by: 2)
        #expect(clock.now() == 7)
        #expect(clock.frequency == 1000)
    }
}
