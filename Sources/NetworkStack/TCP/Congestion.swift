/// Congestion control: slow start, congestion avoidance, fast retransmit and NewReno fast recovery
/// (RFC 5681, RFC 6582, byte counting as in RFC 3465). All sizes in octets.
struct Congestion {
    private(set) var window: Int
    private(set) var slowStartThreshold = Int.max
    private(set) var isRecovering = false
    private var segment: Int
    private var duplicates = 0
    /// Recovery ends when everything sent before it began is acknowledged.
    private var recoveryPoint: SequenceNumber
    /// Octets acknowledged in congestion avoidance since the window last grew.
    private var credit = 0

    /// What one acknowledgement asks for.
    enum Verdict {
        case nothing
        /// Send the first unacknowledged segment again.
        case retransmit
    }

    /// Starts with ten segments (RFC 6928).
    init(segment: Int, initial: SequenceNumber) {
        self.segment = max(1, segment)
        window = 10 * self.segment
        recoveryPoint = initial
    }

    /// New data were acknowledged: `acknowledged` octets up to `una`, `inFlight` before that.
    mutating func acknowledged(_ acknowledged: Int, upTo una: SequenceNumber, inFlight: Int) -> Verdict {
        duplicates = 0
        if isRecovering {
            if una >= recoveryPoint {
                isRecovering = false
                window = min(slowStartThreshold, max(inFlight &- acknowledged, segment) &+ segment)
                return .nothing
            }
            window = max(segment, window &- acknowledged &+ (acknowledged >= segment ? segment : 0))
            return .retransmit
        }
        // Dragged along, so that the comparison of sequence numbers never wraps on a long calm connection.
        recoveryPoint = SequenceNumber.later(recoveryPoint, una)
        // A window that was not filled proves nothing about the path (RFC 7661).
        guard inFlight &* 2 >= window else { return .nothing }
        grow(by: acknowledged)
        return .nothing
    }

    private mutating func grow(by acknowledged: Int) {
        let limit = 1 << 30
        if window < slowStartThreshold {
            window = min(limit, window &+ acknowledged)
            return
        }
        credit &+= acknowledged
        if credit >= window {
            credit &-= window
            window = min(limit, window &+ segment)
        }
    }

    /// A duplicate acknowledgement of `una` arrived while `inFlight` octets, up to `sent`, were on their way.
    mutating func duplicate(una: SequenceNumber, sent: SequenceNumber, inFlight: Int) -> Verdict {
        if isRecovering {
            window = min(1 << 30, window &+ segment)
            return .nothing
        }
        duplicates += 1
        // After a time-out, acknowledgements of what was sent before it are no news (RFC 6582 §4.1).
        guard duplicates == 3, una >= recoveryPoint else { return .nothing }
        slowStartThreshold = max(inFlight / 2, 2 * segment)
        window = slowStartThreshold &+ 3 * segment
        recoveryPoint = sent
        isRecovering = true
        return .retransmit
    }

    /// The retransmission timer fired (RFC 5681 §3.1): one segment, and slow start again.
    mutating func timedOut(sent: SequenceNumber, inFlight: Int) {
        slowStartThreshold = max(inFlight / 2, 2 * segment)
        window = segment
        recoveryPoint = sent
        isRecovering = false
        duplicates = 0
        credit = 0
    }
}
