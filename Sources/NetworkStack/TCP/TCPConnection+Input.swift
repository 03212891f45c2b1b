// Arriving segments, in the order of RFC 9293 §3.10.7.
extension TCPConnection {
    /// Takes one segment from the peer, whose checksum is known to be right. `now` in nanoseconds.
    package func receive(_ segment: TCPHeader, now: UInt64) {
        switch state {
        case .closed: return
        case .synSent: receiveInSynSent(segment, now: now)
        default: receiveSynchronised(segment, now: now)
        }
    }

    /// Whether a SYN may start a new connection in place of this one, which waits out its TIME-WAIT
    /// (RFC 9293 §3.6.1).
    package func yields(to syn: TCPHeader) -> Bool {
        state == .closed || (state == .timeWait && syn.sequence > expected)
    }

    private func receiveInSynSent(_ segment: TCPHeader, now: UInt64) {
        let flags = segment.flags
        let isAcknowledged = flags.contains(.ack) && segment.acknowledgement == sentMaximum && inFlight > 0
        if flags.contains(.ack), !isAcknowledged {
            if !flags.contains(.rst) { oweReset(for: segment) }
            return
        }
        if flags.contains(.rst) {
            if isAcknowledged { fail(.reset) }
            return
        }
        guard flags.contains(.syn) else { return }
        learn(from: segment)
        guard isAcknowledged else {
            state = .synReceived
            owesHandshake = true
            return
        }
        establish(segment, now: now)
        owesAcknowledgement = true
    }

    private func establish(_ segment: TCPHeader, now: UInt64) {
        state = .established
        advance(to: segment.acknowledgement, now: now)
        // The window of a SYN is never scaled (RFC 7323 §2.2).
        sendWindow = Int(segment.window) << (segment.flags.contains(.syn) ? 0 : Int(peerShift))
        windowUpdate = (segment.sequence, segment.acknowledgement)
    }

    private func receiveSynchronised(_ segment: TCPHeader, now: UInt64) {
        guard isAcceptable(segment) else {
            if !segment.flags.contains(.rst), !isHeld { owesAcknowledgement = true }
            resendHandshake(for: segment)
            return
        }
        if segment.flags.contains(.rst) {
            // Only the exact number is believed; anything else in the window gets a challenge (RFC 5961 §3.2).
            if segment.sequence == expected { fail(.reset) } else { owesAcknowledgement = true }
            return
        }
        guard !segment.flags.contains(.syn) else {
            owesAcknowledgement = true
            return
        }
        guard segment.flags.contains(.ack), !isHeld else { return }
        if state == .synReceived {
            guard segment.acknowledgement == sentMaximum, inFlight > 0 else { return oweReset(for: segment) }
            establish(segment, now: now)
        }
        guard acknowledge(segment, now: now) else { return }
        accept(segment, now: now)
    }

    /// A repeated SYN means that our answer to it was lost.
    private func resendHandshake(for segment: TCPHeader) {
        guard state == .synReceived, !isHeld, segment.flags.contains(.syn), segment.sequence + 1 == expected
        else { return }
        owesAcknowledgement = false
        owesHandshake = true
    }

    private func isAcceptable(_ segment: TCPHeader) -> Bool {
        let length = segment.payload.count + (segment.flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1)
        let offset = segment.sequence - expected
        // Zero-window probes of one byte carry news in their other fields, so the edge itself is let in.
        guard offset <= receiveRing.space else { return false }
        return length == 0 ? offset >= 0 : offset + length > 0
    }

    private func oweReset(for segment: TCPHeader) {
        owedReset = TCPSegment(
            sequence: segment.acknowledgement, acknowledgement: SequenceNumber(0), flags: [.rst], window: 0)
    }
}

// MARK: - Acknowledgements

extension TCPConnection {
    /// Returns false if the segment must be dropped.
    private func acknowledge(_ segment: TCPHeader, now: UInt64) -> Bool {
        let number = segment.acknowledgement
        guard number <= sentMaximum else {
            owesAcknowledgement = true
            return false
        }
        let window = Int(segment.window) << Int(peerShift)
        if number > unacknowledged {
            advance(to: number, now: now)
        } else if isDuplicate(segment, window: window) {
            let verdict = congestion.duplicate(una: number, sent: sentMaximum, inFlight: inFlight)
            if case .retransmit = verdict { owesRetransmission = true }
        }
        let isNewer =
            segment.sequence > windowUpdate.sequence
            || (segment.sequence == windowUpdate.sequence && number >= windowUpdate.acknowledgement)
        if isNewer {
            sendWindow = window
            windowUpdate = (segment.sequence, number)
            if window > 0 { leavePersist() }
        }
        // A peer that answers probes is alive, however long its window stays shut (RFC 9293 §3.8.6.1).
        if persistAt != Self.never { attempts = 0 }
        return state != .closed
    }

    private func leavePersist() {
        guard persistAt != Self.never else { return }
        persistAt = Self.never
        owesProbe = false
        attempts = 0
    }

    /// RFC 5681 §2: says nothing new while something is outstanding.
    private func isDuplicate(_ segment: TCPHeader, window: Int) -> Bool {
        segment.acknowledgement == unacknowledged && segment.payload.isEmpty && !segment.flags.contains(.fin)
            && window == sendWindow && inFlight > 0
    }

    private func advance(to number: SequenceNumber, now: UInt64) {
        let isFinAcknowledged = finSent && number == dataEnd + 1
        let outstanding = inFlight
        let covered = number - unacknowledged
        sendRing.drop(covered - (unacknowledged == initialSequence ? 1 : 0))
        sendRing.rewind()
        unacknowledged = number
        next = SequenceNumber.later(next, number)
        attempts = 0
        roundTrip.acknowledged(number, now: now)
        if case .retransmit = congestion.acknowledged(covered, upTo: number, inFlight: outstanding) {
            owesRetransmission = true
        }
        retransmitAt = inFlight > 0 ? now &+ roundTrip.timeout : Self.never
        if isFinAcknowledged { finAcknowledged(now: now) }
    }

    private func finAcknowledged(now: UInt64) {
        switch state {
        case .finWait1: state = .finWait2
        case .closing: enterTimeWait(now: now)
        case .lastAck: close()
        default: break
        }
    }

    private func enterTimeWait(now: UInt64) {
        state = .timeWait
        (retransmitAt, persistAt) = (Self.never, Self.never)
        endAt = now &+ Self.timeWaitLength
        sendRing.release()
    }
}

// MARK: - Data

extension TCPConnection {
    private func accept(_ segment: TCPHeader, now: UInt64) {
        switch state {
        case .established, .finWait1, .finWait2: break
        default:
            if !segment.payload.isEmpty || segment.flags.contains(.fin) { owesAcknowledgement = true }
            return
        }
        guard !segment.payload.isEmpty || segment.flags.contains(.fin) else { return }
        let skipped = max(0, expected - segment.sequence)
        let data = segment.payload.from(skipped)
        let start = segment.sequence + skipped
        let stored = data.isEmpty ? 0 : receiveRing.store(data, at: start - expected)
        if segment.flags.contains(.fin), stored == data.count { peerFin = start + stored }
        if stored < data.count { owesAcknowledgement = true }
        place(Reassembly.Span(start: start, end: start + stored))
        if let peerFin, peerFin <= expected { peerFinished(now: now) }
        guard !owesAcknowledgement else { return }
        unreported += stored
        if unreported >= 2 * segmentSize {
            owesAcknowledgement = true
        } else if acknowledgeAt == Self.never {
            acknowledgeAt = now &+ Self.delayedAcknowledgement
        }
    }

    /// Enough to start a repair and to keep it going; a flood of old segments is not answered by another.
    private static let maximumOwedDuplicates = 64

    private func place(_ span: Reassembly.Span) {
        guard span.start == expected else {
            // Out of order: remembered if there is a place, and reported at once (RFC 5681 §4.2).
            _ = reassembly.insert(span)
            owedDuplicates = min(owedDuplicates + 1, Self.maximumOwedDuplicates)
            return
        }
        owedDuplicates = 0
        var end = span.end
        if !reassembly.isEmpty {
            end = reassembly.advance(end)
            owesAcknowledgement = true
        }
        receiveRing.commit(end - expected)
        expected = end
    }

    private func peerFinished(now: UInt64) {
        expected = expected + 1
        owesAcknowledgement = true
        reassembly.removeAll()
        peerFin = nil
        switch state {
        case .established: state = .closeWait
        case .finWait1: state = .closing
        case .finWait2: enterTimeWait(now: now)
        default: break
        }
    }
}
