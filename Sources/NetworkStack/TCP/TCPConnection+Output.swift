// Leaving segments: what is owed, in order of urgency.
extension TCPConnection {
    /// The next segment to put on the wire, or nil when there is nothing to send now. Its payload is valid until
    /// the connection is touched again. `now` in nanoseconds.
    package func nextSegment(now: UInt64) -> TCPSegment? {
        if breaksOff, next >= dataEnd { abort() }
        if let reset = owedReset {
            owedReset = nil
            return reset
        }
        switch state {
        case .closed: return nil
        case .synSent, .synReceived: return handshake(now: now)
        case .finWait2, .timeWait: return acknowledgement()
        default: return retransmission(now: now) ?? newData(now: now) ?? probe() ?? acknowledgement()
        }
    }

    private func handshake(now: UInt64) -> TCPSegment? {
        guard owesHandshake else { return nil }
        owesHandshake = false
        owesAcknowledgement = false
        let isAnswer = state == .synReceived
        if inFlight == 0 {
            roundTrip.sent(upTo: initialSequence + 1, now: now)
        } else {
            roundTrip.retransmitted()
        }
        next = initialSequence + 1
        sentMaximum = next
        if retransmitAt == Self.never { retransmitAt = now &+ roundTrip.timeout }
        let offersScaling = !isAnswer || peerScales
        let window = min(receiveRing.space, 0xFFFF)
        if isAnswer { advertisedEdge = expected + window }
        return TCPSegment(
            sequence: initialSequence, acknowledgement: isAnswer ? expected : SequenceNumber(0),
            flags: isAnswer ? [.syn, .ack] : [.syn], window: UInt16(truncatingIfNeeded: window),
            options: TCPOptions(
                maximumSegmentSize: UInt16(truncatingIfNeeded: settings.maximumSegmentSize),
                windowShift: offersScaling ? windowShift : nil))
    }

    /// Fast retransmit: the one segment that the peer misses.
    private func retransmission(now: UInt64) -> TCPSegment? {
        guard owesRetransmission else { return nil }
        owesRetransmission = false
        guard inFlight > 0 else { return nil }
        roundTrip.retransmitted()
        retransmitAt = now &+ roundTrip.timeout
        return dataSegment(at: dataStart, length: min(segmentSize, dataEnd - dataStart))
    }

    private func newData(now: UInt64) -> TCPSegment? {
        guard next <= dataEnd else { return nil }
        let unsent = dataEnd - next
        let length = unsent > 0 ? permitted(of: unsent, now: now) : 0
        let isFin = finRequested && length == unsent
        guard length > 0 || isFin else { return nil }
        let start = next
        next = start + length + (isFin ? 1 : 0)
        if next > sentMaximum {
            if start >= sentMaximum { roundTrip.sent(upTo: next, now: now) }
            sentMaximum = next
        }
        if isFin { finLeaves() }
        persistAt = Self.never
        if retransmitAt == Self.never { retransmitAt = now &+ roundTrip.timeout }
        return dataSegment(at: start, length: length)
    }

    /// How many of `unsent` octets the windows let out now; whole segments, unless it is the rest.
    private func permitted(of unsent: Int, now: UInt64) -> Int {
        let onTheWay = next - unacknowledged
        let allowed = min(congestion.window, sendWindow) - onTheWay
        guard allowed > 0 else {
            if onTheWay == 0, persistAt == Self.never { persistAt = now &+ roundTrip.timeout }
            return 0
        }
        let length = min(unsent, allowed, max(segmentSize, largestPayload))
        if length == unsent { return length }
        if length >= segmentSize { return length - length % segmentSize }
        // Sender's silly-window avoidance (RFC 9293 §3.8.6.2.1): wait for more room while something is on its way.
        return onTheWay == 0 ? length : 0
    }

    private func finLeaves() {
        finSent = true
        switch state {
        case .established: state = .finWait1
        case .closeWait: state = .lastAck
        default: break
        }
    }

    /// A segment from the ring; with FIN if it was sent before or is sent now, and this segment reaches it.
    private func dataSegment(at start: SequenceNumber, length: Int) -> TCPSegment {
        var flags: TCPFlags = [.ack]
        let end = start + length
        if end == dataEnd {
            if length > 0 { flags.insert(.psh) }
            if finSent { flags.insert(.fin) }
        }
        var segment = bareSegment(at: start, flags: flags)
        segment.payload = sendRing.readable(at: start - dataStart, length: length)
        return segment
    }

    /// A zero-window probe: an old number makes the peer tell its window (RFC 9293 §3.8.6.1).
    private func probe() -> TCPSegment? {
        guard owesProbe else { return nil }
        owesProbe = false
        return bareSegment(at: unacknowledged + -1, flags: [.ack])
    }

    private func acknowledgement() -> TCPSegment? {
        guard owesAcknowledgement || owedDuplicates > 0 else { return nil }
        owedDuplicates = max(0, owedDuplicates - 1)
        // Not `next`, which goes back after a time-out: an old number would be dropped together with its news.
        return bareSegment(at: sentMaximum, flags: [.ack])
    }

    /// An empty segment, which also settles the owed acknowledgement.
    private func bareSegment(at sequence: SequenceNumber, flags: TCPFlags) -> TCPSegment {
        owesAcknowledgement = false
        acknowledgeAt = Self.never
        unreported = 0
        let window = min(receiveRing.space >> Int(windowShift), 0xFFFF)
        advertisedEdge = expected + (window << Int(windowShift))
        return TCPSegment(
            sequence: sequence, acknowledgement: expected, flags: flags,
            window: UInt16(truncatingIfNeeded: window))
    }
}

// MARK: - Timers

extension TCPConnection {
    /// When `tick` wants to be called, in nanoseconds; `UInt64.max` if never.
    package var nextDeadline: UInt64 {
        min(retransmitAt, persistAt, acknowledgeAt, endAt)
    }

    /// Does what is due at `now`.
    package func tick(now: UInt64) {
        if endAt <= now { return close() }
        if acknowledgeAt <= now {
            acknowledgeAt = Self.never
            owesAcknowledgement = true
        }
        if retransmitAt <= now { retransmissionTimedOut(now: now) }
        if persistAt <= now { persistTimedOut(now: now) }
    }

    private func retransmissionTimedOut(now: UInt64) {
        let isHandshake = state == .synSent || state == .synReceived
        attempts += 1
        guard attempts < (isHandshake ? Self.handshakeAttempts : Self.retransmissionAttempts) else {
            abort()
            failure = .timedOut
            return
        }
        roundTrip.backedOff()
        if isHandshake {
            owesHandshake = true
        } else {
            congestion.timedOut(sent: sentMaximum, inFlight: inFlight)
            next = unacknowledged
            owesRetransmission = false
        }
        retransmitAt = now &+ roundTrip.timeout
    }

    private func persistTimedOut(now: UInt64) {
        attempts += 1
        guard attempts < Self.retransmissionAttempts else {
            abort()
            failure = .timedOut
            return
        }
        owesProbe = true
        roundTrip.backedOff()
        persistAt = now &+ roundTrip.timeout
    }
}
