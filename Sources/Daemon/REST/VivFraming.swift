import Engine
import Model

/// Our own form of streams, both ways: one byte for the kind, the length in big-endian order, the bytes.
///
/// From the client: `I` input, `C` its end, `R` rows and columns (u16, little-endian), `K` a signal (u8).
/// To the client: `O` and `E` output, `X` how it ended as JSON.
struct VivFraming: StreamFraming {
    /// No client has reason to send longer frames.
    static let longest = 1 << 20

    private var pending: [UInt8] = []

    init() {}

    func encode(_ chunk: StreamChunk) -> [UInt8] {
        Self.frame(chunk.stream == .stdout ? UInt8(ascii: "O") : UInt8(ascii: "E"), chunk.bytes)
    }

    func encode(_ end: SessionEnd) -> [UInt8] {
        let json: JSON =
            switch end {
            case .exited(let code): ["exitCode": .int(code)]
            case .detached: ["detached": true]
            case .failed(let reason): ["error": .string(reason)]
            }
        return Self.frame(UInt8(ascii: "X"), json.text)
    }

    static func frame(_ kind: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        let length = UInt32(clamping: bytes.count)
        return [kind] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + bytes
    }

    mutating func decode(_ bytes: [UInt8]) -> [StreamRequest]? {
        pending += bytes
        var requests: [StreamRequest] = []
        var start = 0
        while pending.count - start >= 5 {
            let length = pending[(start + 1)..<(start + 5)].reduce(0) { $0 << 8 | Int($1) }
            guard length <= Self.longest else { return nil }
            guard pending.count - start - 5 >= length else { break }
            let payload = Array(pending[(start + 5)..<(start + 5 + length)])
            guard let request = Self.request(pending[start], payload) else { return nil }
            requests.append(request)
            start += 5 + length
        }
        pending.removeFirst(start)
        return requests
    }

    private static func request(_ kind: UInt8, _ payload: [UInt8]) -> StreamRequest? {
        switch (kind, payload.count) {
        case (UInt8(ascii: "I"), _): .input(payload)
        case (UInt8(ascii: "C"), 0): .closeInput
        case (UInt8(ascii: "R"), 4):
            .resize(
                TerminalSize(
                    rows: UInt16(payload[0]) | UInt16(payload[1]) << 8,
                    columns: UInt16(payload[2]) | UInt16(payload[3]) << 8))
        case (UInt8(ascii: "K"), 1): .signal(Int32(payload[0]))
        default: nil
        }
    }
}
