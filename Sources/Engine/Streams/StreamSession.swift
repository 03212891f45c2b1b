import Model

/// Bytes that come when they are asked for: the producer waits for a slow consumer.
package typealias ByteStream = AsyncThrowingStream<[UInt8], any Error>

/// Bytes that a process has written.
package struct StreamChunk: Equatable, Sendable {
    package var stream: OutputStream
    package var bytes: [UInt8]

    package init(_ stream: OutputStream, _ bytes: [UInt8]) {
        self.stream = stream
        self.bytes = bytes
    }
}

/// What a client wants of an attachment.
package struct AttachOptions: Sendable {
    package var takesStdin = false
    package var wantsStdout = true
    package var wantsStderr = true
    /// Whether what was logged before comes first.
    package var replaysLog = false
    /// Whether output to come is wanted; without it only the log is replayed.
    package var follows = true
    /// As Docker writes them, `ctrl-p,ctrl-q`; `nil` means these two.
    package var detachKeys: String?

    package init() {}
}

/// How a session ended.
package enum SessionEnd: Equatable, Sendable {
    case exited(Int32)
    /// The detach keys were typed, or this side closed the session; the process goes on.
    case detached
    /// The process could not be started, and why.
    case failed(String)
}
