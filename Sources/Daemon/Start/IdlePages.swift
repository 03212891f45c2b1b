import Glibc

/// Code that is seldom needed, given back to the host.
///
/// Most of an idle daemon's resident memory is its program's code: the kernel maps sixteen pages around each one that
/// is touched, and starting or a rare request touches what is not needed again for long. The pages are clean and stay
/// in the page cache; what is needed again is mapped again by a minor fault.
enum IdlePages {
    /// The first time the daemon has just started.
    static let pauses = (first: Duration.seconds(3), next: Duration.seconds(30))

    /// Releases again and again until the task is cancelled. A daemon that is at work keeps what it works with, and one
    /// that did nothing since the last time has nothing to give back.
    static func keepReleasing() async throws {
        try await Task.sleep(for: pauses.first)
        release()
        var activity = Activity(released: processorTime())
        while true {
            try await Task.sleep(for: pauses.next)
            if activity.isTimeToRelease(processorTime(), after: pauses.next) {
                release()
                activity.released = processorTime()
            }
        }
    }

    /// Tells from the processor time that was used whether the daemon is idle, and was not before.
    struct Activity {
        /// A daemon that uses less of a processor than one part in this many is idle: events, health checks, statistics.
        static let idleShare = 200
        /// What looking itself takes, at most.
        static let least = Duration.milliseconds(20)

        /// When code was last given back.
        var released: Duration
        private var seen: Duration

        init(released: Duration) { (self.released, seen) = (released, released) }

        /// - Parameter now: processor time used so far.
        mutating func isTimeToRelease(_ now: Duration, after pause: Duration) -> Bool {
            let used = now - seen
            seen = now
            return used < pause / Self.idleShare && now - released > Self.least
        }
    }

    /// What this process has used of the processors so far.
    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private static func release() {
        guard let program = realpath("/proc/self/exe", nil) else { return }
        defer { free(program) }
        for range in ranges(of: String(cString: program)) {
            madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    /// Where code of the file at `path` is mapped, executable and never written: all that may be dropped. Read-only
    /// data is left alone, as the loader has written relocations into some of it.
    private static func ranges(of path: String) -> [Range<UInt>] {
        guard let file = fopen("/proc/self/maps", "re") else { return [] }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 8192)
        var ranges: [Range<UInt>] = []
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if let range = range(in: text, of: path) { ranges.append(range) }
        }
        return ranges
    }

    /// `7f00-7f10 r-xp 00000000 08:01 123   /usr/bin/vivd` → its addresses; `nil` for other files and other rights.
    static func range(in line: String, of path: String) -> Range<UInt>? {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count == 6, words[1] == "r-xp", words[5] == path else { return nil }
        let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1] else { return nil }
        return ends[0]..<ends[1]
    }
}
