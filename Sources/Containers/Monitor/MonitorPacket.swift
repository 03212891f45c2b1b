/// What travels over a monitor's socket (SOCK_SEQPACKET): a kind, then its bytes. Values only; no I/O here.
package enum MonitorRequest: Equatable, Sendable {
    /// Start the container that was created.
    case start
    case attach(MonitorStreams)
    case input([UInt8])
    case closeInput
    case resize(rows: UInt16, columns: UInt16)
    case kill(signal: UInt8)

    package var bytes: [UInt8] {
        switch self {
        case .start: [UInt8(ascii: "S")]
        case .attach(let streams): [UInt8(ascii: "A"), streams.rawValue]
        case .input(let bytes): [UInt8(ascii: "I")] + bytes
        case .closeInput: [UInt8(ascii: "C")]
        case .resize(let rows, let columns):
            [
                UInt8(ascii: "R"), UInt8(truncatingIfNeeded: rows), UInt8(truncatingIfNeeded: rows >> 8),
                UInt8(truncatingIfNeeded: columns), UInt8(truncatingIfNeeded: columns >> 8),
            ]
        case .kill(let signal): [UInt8(ascii: "K"), signal]
        }
    }

    /// `nil` for what is none of these.
    package init?(_ packet: some Collection<UInt8>) {
        let bytes = Array(packet)
        switch (bytes.first, bytes.count) {
        case (UInt8(ascii: "S"), 1): self = .start
        case (UInt8(ascii: "A"), 2): self = .attach(MonitorStreams(rawValue: bytes[1]))
        case (UInt8(ascii: "I"), _): self = .input(Array(bytes.dropFirst()))
        case (UInt8(ascii: "C"), 1): self = .closeInput
        case (UInt8(ascii: "R"), 5):
            self = .resize(
                rows: UInt16(bytes[1]) | UInt16(bytes[2]) << 8,
                columns: UInt16(bytes[3]) | UInt16(bytes[4]) << 8)
        case (UInt8(ascii: "K"), 2): self = .kill(signal: bytes[1])
        default: return nil
        }
    }
}

/// What an attached client wants.
package struct MonitorStreams: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let output = MonitorStreams(rawValue: 1)
    package static let errors = MonitorStreams(rawValue: 2)
    /// Its `input` goes to the process.
    package static let input = MonitorStreams(rawValue: 4)
}

/// What a monitor says.
package enum MonitorEvent: Equatable, Sendable {
    case output([UInt8])
    case errors([UInt8])
    case started
    case startFailed(String)
    /// A start that failed as the container's program cannot be executed.
    case notExecutable(String)
    /// The process has ended and all its output was sent; the monitor closes the connection.
    case exited(ExitRecord)

    /// Bytes of output in one packet, at most.
    package static let largestOutput = 32 << 10

    package var bytes: [UInt8] {
        switch self {
        case .output(let bytes): [UInt8(ascii: "O")] + bytes
        case .errors(let bytes): [UInt8(ascii: "E")] + bytes
        case .started: [UInt8(ascii: "s")]
        case .startFailed(let text): [UInt8(ascii: "F")] + text.utf8
        case .notExecutable(let text): [UInt8(ascii: "N")] + text.utf8
        case .exited(let record): [UInt8(ascii: "X")] + record.json.utf8
        }
    }

    /// `nil` for what is none of these.
    package init?(_ packet: some Collection<UInt8>) {
        guard let kind = packet.first else { return nil }
        let rest = Array(packet.dropFirst())
        switch kind {
        case UInt8(ascii: "O"): self = .output(rest)
        case UInt8(ascii: "E"): self = .errors(rest)
        case UInt8(ascii: "s") where rest.isEmpty: self = .started
        case UInt8(ascii: "F"): self = .startFailed(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: "N"): self = .notExecutable(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: "X"):
            guard let record = ExitRecord(json: rest) else { return nil }
            self = .exited(record)
        default: return nil
        }
    }
}
