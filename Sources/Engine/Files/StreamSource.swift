import Glibc
import Images
import Synchronization

/// Carries bytes from a task's stream to a thread that blocks.
final class StreamSource: ByteSource, @unchecked Sendable {
    // SAFETY: everything mutable is touched only under `mutex`, but `current`, which is the reading thread's.

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var arrived: [UInt8]?
    private var end: EngineError??
    private var demand: CheckedContinuation<Bool, Never>?
    private var isDone = false
    private var current: ArraySlice<UInt8> = []

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Blocks until there are bytes.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        if current.isEmpty { current = try nextPiece() }
        let count = min(buffer.count, current.count)
        buffer.copyBytes(from: current.prefix(count))
        current = current.dropFirst(count)
        return count
    }

    private func nextPiece() throws(ImageError) -> ArraySlice<UInt8> {
        let (piece, error): (ArraySlice<UInt8>, EngineError?) = locked {
            while arrived == nil, end == nil { pthread_cond_wait(changed, mutex) }
            guard let piece = arrived else { return ([], end ?? nil) }
            arrived = nil
            demand?.resume(returning: true)
            demand = nil
            return (piece[...], nil)
        }
        if let error { throw ImageError(.system, error.description) }
        return piece
    }

    /// Tells the feeding task that nobody reads any more.
    func finish() {
        locked {
            isDone = true
            demand?.resume(returning: false)
            demand = nil
        }
    }

    /// Feeds the reader from `stream` until either has enough.
    func feed(from stream: ByteStream) async {
        do {
            for try await piece in stream where !piece.isEmpty {
                guard await put(piece) else { return }
            }
            close(nil)
        } catch {
            close(EngineError(error))
        }
    }

    /// - Returns: false when nobody reads any more.
    private func put(_ piece: [UInt8]) async -> Bool {
        await withCheckedContinuation { continuation in
            locked {
                guard !isDone else { return continuation.resume(returning: false) }
                arrived = piece
                demand = continuation
                pthread_cond_signal(changed)
            }
        }
    }

    private func close(_ error: EngineError?) {
        locked {
            end = .some(error)
            pthread_cond_signal(changed)
        }
    }
}
