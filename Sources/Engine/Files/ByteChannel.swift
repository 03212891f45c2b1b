import Glibc
import Images
import Synchronization

/// Carries bytes from a thread that blocks to a task that does not, at the pace of the slower.
final class ByteChannel: ByteSink, @unchecked Sendable {
    // SAFETY: everything mutable is touched only under `mutex`.

    /// Bytes that wait here at most.
    private static let window = 1 << 20
    private static let pieceSize = 64 << 10

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let taken = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var pieces: [[UInt8]] = []
    private var partial: [UInt8] = []
    private var waiting = 0
    private var reader: CheckedContinuation<Result<[UInt8]?, EngineError>, Never>?
    private var end: EngineError??
    private var isAbandoned = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(taken, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(taken)
        mutex.deallocate()
        taken.deallocate()
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Blocks while the reader is behind.
    ///
    /// - Throws: when nobody reads any more.
    func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        partial += bytes
        if partial.count >= Self.pieceSize { try pass() }
    }

    private func pass() throws(ImageError) {
        let piece = partial
        partial = []
        guard !piece.isEmpty else { return }
        let isGone = locked {
            while waiting >= Self.window, !isAbandoned { pthread_cond_wait(taken, mutex) }
            if isAbandoned { return true }
            if let reader {
                self.reader = nil
                reader.resume(returning: .success(piece))
            } else {
                pieces.append(piece)
                waiting += piece.count
            }
            return false
        }
        if isGone { throw ImageError(.system, "nobody reads the archive any more") }
    }

    func finish() throws(ImageError) { try pass() }

    /// Ends the stream, with an error or without.
    func close(_ error: EngineError? = nil) {
        locked {
            guard end == nil else { return }
            end = .some(error)
            reader?.resume(returning: Self.last(error))
            reader = nil
        }
    }

    private static func last(_ error: EngineError?) -> Result<[UInt8]?, EngineError> {
        guard let error else { return .success(nil) }
        return .failure(error)
    }

    /// The next piece; `nil` at the end. One reader at a time.
    func next() async throws(EngineError) -> [UInt8]? {
        let result: Result<[UInt8]?, EngineError> = await withCheckedContinuation { continuation in
            locked {
                if !pieces.isEmpty {
                    let piece = pieces.removeFirst()
                    waiting -= piece.count
                    pthread_cond_signal(taken)
                    continuation.resume(returning: .success(piece))
                } else if let end {
                    continuation.resume(returning: Self.last(end))
                } else {
                    reader = continuation
                }
            }
        }
        return try result.get()
    }

    /// Lets the writer fail: nobody wants the rest.
    func abandon() {
        locked {
            isAbandoned = true
            pieces = []
            waiting = 0
            pthread_cond_signal(taken)
        }
    }
}

extension ByteChannel {
    /// Gives the bytes of `channel` to whoever asks; dropping the stream abandons the channel.
    static func stream(_ channel: ByteChannel) -> ByteStream {
        let guardian = Guardian(channel)
        return AsyncThrowingStream { try await guardian.channel.next() }
    }

    private final class Guardian: Sendable {
        let channel: ByteChannel
        init(_ channel: ByteChannel) { self.channel = channel }
        deinit { channel.abandon() }
    }
}
