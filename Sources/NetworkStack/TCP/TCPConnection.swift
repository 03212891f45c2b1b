/// One end of a TCP connection (RFC 9293), without sockets and without a clock of its own.
///
/// Segments go in by `receive`, come out by `nextSegment`; the application's bytes go in and out through two rings
/// (`writable`/`commit`, `readable`/`consume`), so that nothing is copied that need not be. Time is what the
/// caller says it is, in nanoseconds; `nextDeadline` tells when `tick` wants to be called.
///
/// Sending is pulled: as long as nobody asks for a segment, nothing is sent, nothing is lost and no timer starts.
package final class TCPConnection {
    /// RFC 9293 §3.3.2. There is no LISTEN: whoever sees a SYN makes a connection from it.
    package enum State: Equatable, Sendable {
        case synSent, synReceived, established, finWait1, finWait2, closing, timeWait, closeWait, lastAck,
            closed
    }

    /// Why a connection ended before its time.
    package enum Failure: Equatable, Sendable {
        /// The peer sent RST: refused, or reset later.
        case reset
        /// The peer no longer answers.
        case timedOut
        /// `abort` was called.
        case aborted
    }

    /// What a connection is made with. Sizes in octets.
    package struct Settings: Sendable {
        /// The largest segment that we can receive, announced to the peer.
        package var maximumSegmentSize: Int
        package var sendCapacity = 512 * 1024
        package var receiveCapacity = 512 * 1024

        package init(maximumSegmentSize: Int) {
            self.maximumSegmentSize = maximumSegmentSize
        }
    }

    static let never = UInt64.max
    static let delayedAcknowledgement: UInt64 = 40_000_000
    /// Twice the maximum segment lifetime of a link without routers.
    static let timeWaitLength: UInt64 = 10_000_000_000
    static let handshakeAttempts = 6
    static let retransmissionAttempts = 12

    package internal(set) var state: State
    package internal(set) var failure: Failure?
    let settings: Settings
    /// The largest payload handed out in one piece, in octets; more than a segment where the link cuts it up itself.
    package var largestPayload = 0

    // Sending (RFC 9293 §3.3.1: SND.UNA, SND.NXT; `sentMaximum` survives going back after a time-out).
    let initialSequence: SequenceNumber
    var unacknowledged: SequenceNumber
    var next: SequenceNumber
    var sentMaximum: SequenceNumber
    var sendRing: Ring
    var sendWindow = 0
    var windowUpdate: (sequence: SequenceNumber, acknowledgement: SequenceNumber)
    var peerShift: UInt8 = 0
    /// Whether the peer's SYN offered window scaling.
    var peerScales = false
    /// What one segment to the peer may carry.
    package internal(set) var segmentSize: Int
    var finRequested = false
    var finSent = false
    /// RST follows the last byte.
    var breaksOff = false
    var congestion: Congestion
    var roundTrip = RoundTrip()

    // Receiving (RCV.NXT; `advertisedEdge` is the right edge of the window last told).
    var expected = SequenceNumber(0)
    var receiveRing: Ring
    var reassembly = Reassembly()
    var peerFin: SequenceNumber?
    var advertisedEdge = SequenceNumber(0)
    var windowShift: UInt8
    var unreported = 0

    // What `nextSegment` owes.
    var owesHandshake: Bool
    var owesAcknowledgement = false
    /// One for each segment that came out of order: the peer counts them (RFC 5681 §3.2).
    var owedDuplicates = 0
    var owesRetransmission = false
    var owesProbe = false
    var owedReset: TCPSegment?
    /// True while a received SYN waits for `accept`.
    var isHeld = false

    // Timers: nanoseconds, or `never`.
    var retransmitAt = TCPConnection.never
    var persistAt = TCPConnection.never
    var acknowledgeAt = TCPConnection.never
    var endAt = TCPConnection.never
    var attempts = 0

    /// Opens towards a peer: a SYN is the first segment.
    package init(opening initial: SequenceNumber, settings: Settings) {
        self.settings = settings
        initialSequence = initial
        unacknowledged = initial
        next = initial
        sentMaximum = initial
        windowUpdate = (SequenceNumber(0), initial)
        segmentSize = settings.maximumSegmentSize
        congestion = Congestion(segment: settings.maximumSegmentSize, initial: initial)
        sendRing = Ring(capacity: settings.sendCapacity)
        receiveRing = Ring(capacity: settings.receiveCapacity)
        windowShift = Self.shift(for: receiveRing.capacity)
        owesHandshake = true
        state = .synSent
    }

    /// Answers a peer's `syn`. Nothing is sent until `accept` or `refuse` is called.
    package convenience init(answering syn: TCPHeader, initial: SequenceNumber, settings: Settings) {
        self.init(opening: initial, settings: settings)
        state = .synReceived
        isHeld = true
        owesHandshake = false
        learn(from: syn)
    }

    private static func shift(for capacity: Int) -> UInt8 {
        var shift: UInt8 = 0
        while capacity >> Int(shift) > 0xFFFF, shift < 14 { shift += 1 }
        return shift
    }

    /// Takes over what a SYN says (RFC 9293 §3.10.7.3; RFC 7323 §2.2: scaling holds only if both sides offer it).
    func learn(from syn: TCPHeader) {
        expected = syn.sequence + 1
        advertisedEdge = expected
        let options = syn.options
        // 536 where nothing is said (RFC 9293 §3.7.1); tiny values would make every byte a packet.
        segmentSize = min(settings.maximumSegmentSize, max(88, Int(options.maximumSegmentSize ?? 536)))
        congestion = Congestion(segment: segmentSize, initial: initialSequence)
        if let shift = options.windowShift {
            peerShift = shift
            peerScales = true
        } else {
            windowShift = 0
        }
        sendWindow = Int(syn.window)
        windowUpdate = (syn.sequence, initialSequence)
    }

    /// The first byte in the send ring has this number.
    var dataStart: SequenceNumber { unacknowledged == initialSequence ? initialSequence + 1 : unacknowledged }
    /// The number after the last byte in the send ring: where FIN goes.
    var dataEnd: SequenceNumber { dataStart + sendRing.count }
    var inFlight: Int { sentMaximum - unacknowledged }

    func fail(_ failure: Failure) {
        self.failure = failure
        close()
    }

    func close() {
        state = .closed
        owesHandshake = false
        owesAcknowledgement = false
        owedDuplicates = 0
        (retransmitAt, persistAt, acknowledgeAt, endAt) = (Self.never, Self.never, Self.never, Self.never)
        sendRing.release()
    }
}

// MARK: - The application's side

extension TCPConnection {
    /// Lets the handshake with a held peer go on.
    package func accept() {
        guard isHeld else { return }
        isHeld = false
        owesHandshake = true
    }

    /// Tells a held or connected peer that it is over: RST.
    package func abort() {
        guard state != .closed else { return }
        if state != .timeWait {
            let flags: TCPFlags = state == .synSent ? [.rst] : [.rst, .ack]
            owedReset = TCPSegment(sequence: sentMaximum, acknowledgement: expected, flags: flags, window: 0)
        }
        fail(.aborted)
    }

    /// Like `abort`, but what was written before it is sent first: the peer sees what a reset host still said.
    package func breakOff() {
        guard state == .established || state == .closeWait, sendRing.count > 0 else { return abort() }
        breaksOff = true
    }

    /// Bytes that arrived in order and wait for `consume`.
    package var readable: RingSlices { receiveRing.readable(at: 0, length: .max) }

    /// Takes the first `count` readable bytes out and opens the window by them.
    package func consume(_ count: Int) {
        receiveRing.drop(count)
        if reassembly.isEmpty { receiveRing.rewind() }
        let told = advertisedEdge - expected
        let news = receiveRing.space - told
        // Silly-window avoidance (RFC 9293 §3.8.6.2.2): only worthwhile news, but these at once.
        if news >= receiveRing.capacity / 4 || (told < 2 * segmentSize && news >= 2 * segmentSize) {
            owesAcknowledgement = canAcknowledge
        }
    }

    /// The number of the byte that is expected next (RCV.NXT).
    package var nextExpected: SequenceNumber { expected }

    /// The number of the SYN that a held connection answers.
    var peerInitialSequence: SequenceNumber { expected + -1 }

    /// True when the peer will send nothing more and everything it sent can be read.
    package var isPeerFinished: Bool {
        switch state {
        case .closeWait, .lastAck, .closing, .timeWait: true
        case .closed: failure == nil
        default: false
        }
    }

    /// Room for bytes to send; none before the handshake is over or after `finish`.
    package var writable: RingSlices {
        guard !finRequested, !breaksOff, state == .established || state == .closeWait else { return .empty }
        return sendRing.writable()
    }

    /// Hands over the first `count` bytes that were written into `writable`.
    package func commit(_ count: Int) {
        sendRing.commit(count)
    }

    /// No more bytes will be written: FIN follows the last one.
    package func finish() {
        finRequested = true
    }

    /// Nothing more to send or to wait for.
    package var isOver: Bool { state == .closed && owedReset == nil }

    private var canAcknowledge: Bool {
        state != .synSent && state != .synReceived && state != .closed
    }
}
