import Engine
import Model

/// Docker's two forms: the bytes of a terminal as they are, or frames that say which stream they belong to.
struct DockerFraming: StreamFraming {
    let isMultiplexed: Bool

    func encode(_ chunk: StreamChunk) -> [UInt8] {
        isMultiplexed ? Self.frame(chunk.stream, chunk.bytes) : chunk.bytes
    }

    /// Nothing: why a start failed is said by the start.
    func encode(_ end: SessionEnd) -> [UInt8] { [] }

    mutating func decode(_ bytes: [UInt8]) -> [StreamRequest]? { bytes.isEmpty ? [] : [.input(bytes)] }

    /// One byte for the stream, three zeros, the length in big-endian order, the bytes.
    static func frame(_ stream: OutputStream, _ bytes: [UInt8]) -> [UInt8] {
        let length = UInt32(clamping: bytes.count)
        let header: [UInt8] = [stream == .stdout ? 1 : 2, 0, 0, 0]
        return header + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + bytes
    }

    /// What the API calls the form: clients older than 1.42 know one name only.
    func mediaType(_ version: DockerVersion) -> String {
        isMultiplexed && version.minor >= 42
            ? "application/vnd.docker.multiplexed-stream" : "application/vnd.docker.raw-stream"
    }
}
