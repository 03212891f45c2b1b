import Glibc
import Host
import Synchronization

/// Kicks running vCPUs when their timers come due: one thread for the whole machine, asleep until the
/// earliest deadline. A vCPU that sleeps times its own sleep and needs no alarm.
package final class AlarmClock: Sendable {
    private struct Alarms {
        var deadlines: [UInt64]
        var ring: [@Sendable () -> Void] = []
        var isOver = false

        /// The earliest deadline, in ticks.
        var earliest: UInt64 { deadlines.min() ?? .max }
    }

    private let clock: any Clock
    private let alarms: Mutex<Alarms>
    private let changes = Atomic<UInt32>(0)
    private let sleeper = Sleeper()

    /// Starts the thread; `stop` ends it.
    package init(clock: any Clock) throws(SystemError) {
        self.clock = clock
        alarms = Mutex(Alarms(deadlines: []))
        _ = try Thread(name: "alarm") { self.run() }
    }

    /// Adds an alarm that calls `ring` on the alarm's thread; returns its number.
    package func add(_ ring: @escaping @Sendable () -> Void) -> Int {
        alarms.withLock {
            $0.deadlines.append(.max)
            $0.ring.append(ring)
            return $0.ring.count - 1
        }
    }

    /// Sets an alarm to a time in ticks, `UInt64.max` for never. It rings once.
    package func set(_ number: Int, to deadline: UInt64) {
        let isEarlier = alarms.withLock {
            let earliest = $0.earliest
            $0.deadlines[number] = deadline
            return deadline < earliest
        }
        if isEarlier { wake() }
    }

    /// Ends the thread.
    package func stop() {
        alarms.withLock { $0.isOver = true }
        wake()
    }

    private func wake() {
        changes.wrappingAdd(1, ordering: .sequentiallyConsistent)
        sleeper.wake()
    }

    private func run() {
        while true {
            let seen = changes.load(ordering: .sequentiallyConsistent)
            let now = clock.now()
            let (due, earliest, isOver) = alarms.withLock { Self.takeDue(&$0, now) }
            if isOver { return }
            for ring in due { ring() }
            if !due.isEmpty { continue }
            let wait = earliest == .max ? nil : clock.nanoseconds(forTicks: earliest &- now)
            sleeper.sleep(nanoseconds: wait) { changes.load(ordering: .sequentiallyConsistent) != seen }
        }
    }

    private static func takeDue(
        _ alarms: inout Alarms, _ now: UInt64
    ) -> (due: [@Sendable () -> Void], earliest: UInt64, isOver: Bool) {
        var due: [@Sendable () -> Void] = []
        for number in alarms.deadlines.indices where alarms.deadlines[number] <= now {
            alarms.deadlines[number] = .max
            due.append(alarms.ring[number])
        }
        return (due, alarms.earliest, alarms.isOver)
    }
}

extension Clock {
    /// How long so many ticks take, rounded up; a day at most.
    package func nanoseconds(forTicks ticks: UInt64) -> UInt64 {
        let day: UInt64 = 86_400_000_000_000
        let (high, low) = ticks.multipliedFullWidth(by: 1_000_000_000)
        guard high < frequency else { return day }
        let (quotient, remainder) = frequency.dividingFullWidth((high, low))
        return min(quotient, day) &+ (remainder == 0 ? 0 : 1)
    }
}
