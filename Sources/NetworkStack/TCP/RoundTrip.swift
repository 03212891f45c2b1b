/// Round-trip estimate and retransmission time-out (RFC 6298). Times in nanoseconds.
struct RoundTrip {
    static let minimum: UInt64 = 200_000_000
    static let maximum: UInt64 = 60_000_000_000

    private var smoothed: UInt64?
    private var variation: UInt64 = 0
    private var backOff: UInt64 = 0
    /// The one segment whose time is taken, and when it left. None while anything is sent again (Karn).
    private var probe: (end: SequenceNumber, sentAt: UInt64)?

    /// How long to wait for an acknowledgement now.
    var timeout: UInt64 {
        let base = smoothed.map { $0 + max(1_000_000, 4 * variation) } ?? 1_000_000_000
        return min(Self.maximum, max(Self.minimum, base) << backOff)
    }

    mutating func sent(upTo end: SequenceNumber, now: UInt64) {
        if probe == nil { probe = (end, now) }
    }

    mutating func retransmitted() {
        probe = nil
    }

    mutating func backedOff() {
        probe = nil
        backOff = min(backOff + 1, 9)
    }

    mutating func acknowledged(_ una: SequenceNumber, now: UInt64) {
        backOff = 0
        guard let probe, probe.end <= una else { return }
        self.probe = nil
        let sample = min(Self.maximum, now &- probe.sentAt)
        guard let smoothed else {
            self.smoothed = sample
            variation = sample / 2
            return
        }
        let error = smoothed > sample ? smoothed - sample : sample - smoothed
        variation = (3 * variation + error) / 4
        self.smoothed = (7 * smoothed + sample) / 8
    }
}
