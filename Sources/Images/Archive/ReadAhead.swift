import Host
import Synchronization

/// A bounded queue of chunks between two threads.
final class ChunkQueue: Sendable {
    private static let length = 8

    private struct State {
        var chunks: [Chunk] = []
        var spare: [Chunk] = []
        var isFinished = false
        var isAbandoned = false
        var failure: ImageError?
    }

    private let state = Mutex(State())
    private let filled = Signal()
    private let drained = Signal()

    /// A chunk to fill.
    func empty() -> Chunk { state.withLock { $0.spare.popLast() } ?? Chunk() }

    /// Hands a filled chunk on, waiting for room; false when the reader has gone.
    func put(_ chunk: Chunk) -> Bool {
        while true {
            let seen = drained.count
            let answer: Bool? = state.withLock { state in
                if state.isAbandoned { return false }
                guard state.chunks.count < Self.length else { return nil }
                state.chunks.append(chunk)
                return true
            }
            if let answer {
                filled.raise()
                return answer
            }
            drained.wait(past: seen)
        }
    }

    /// No more chunks come, because of the end or a failure; the first reason counts.
    func finish(_ failure: ImageError?) {
        state.withLock { state in
            guard !state.isFinished else { return }
            state.isFinished = true
            state.failure = failure
        }
        filled.raise()
    }

    /// The next chunk, or `nil` at the end.
    func take() throws(ImageError) -> Chunk? {
        while true {
            let seen = filled.count
            let (chunk, isOver, failure) = state.withLock { state -> (Chunk?, Bool, ImageError?) in
                if !state.chunks.isEmpty { return (state.chunks.removeFirst(), false, nil) }
                return (nil, state.isFinished, state.failure)
            }
            if let chunk {
                drained.raise()
                return chunk
            }
            if let failure { throw failure }
            if isOver { return nil }
            filled.wait(past: seen)
        }
    }

    /// Gives an emptied chunk back.
    func recycle(_ chunk: Chunk) { state.withLock { $0.spare.append(chunk) } }

    /// The reader goes: who fills need not wait.
    func abandon() {
        state.withLock { $0.isAbandoned = true }
        drained.raise()
    }
}

/// Reads a source ahead on another thread, so that unpacking and writing overlap.
final class ReadAhead: ByteSource {
    private let queue = ChunkQueue()
    private let reader: QueueSource
    private var thread: Thread?

    /// A source that moves to the reading thread.
    private struct Moved: @unchecked Sendable {
        // SAFETY: the caller leaves the source alone until `join`.
        let source: any ByteSource
    }

    init(_ source: any ByteSource) throws(ImageError) {
        let moved = Moved(source: source)
        let queue = queue
        reader = QueueSource(queue)
        do {
            thread = try Thread(name: "read-ahead") { Self.fill(queue, from: moved.source) }
        } catch {
            throw ImageError(error)
        }
    }

    deinit {
        queue.abandon()
        thread?.join()
    }

    private static func fill(_ queue: ChunkQueue, from source: any ByteSource) {
        do throws(ImageError) {
            while true {
                let chunk = queue.empty()
                chunk.count = try source.read(into: chunk.bytes)
                if chunk.count == 0 || !queue.put(chunk) { break }
            }
            queue.finish(nil)
        } catch {
            queue.finish(error)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        try reader.read(into: buffer)
    }

    /// Waits until the source was read to its end and may be looked at.
    func join() {
        queue.abandon()
        thread?.join()
        thread = nil
    }
}

/// The reader's end of a queue.
final class QueueSource: ByteSource {
    private let queue: ChunkQueue
    private var chunk: Chunk?
    private var position = 0

    init(_ queue: ChunkQueue) { self.queue = queue }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        if chunk == nil {
            chunk = try queue.take()
            position = 0
        }
        guard let current = chunk else { return 0 }
        let count = min(buffer.count, current.count - position)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: current.bytes[position..<position + count]))
        position += count
        if position == current.count {
            queue.recycle(current)
            chunk = nil
        }
        return count
    }
}

/// The writer's end of a queue.
final class QueueSink: ByteSink {
    private let queue: ChunkQueue
    private var chunk = Chunk()

    init(_ queue: ChunkQueue) { self.queue = queue }

    deinit { queue.finish(ImageError(.system, "a layer was not written to its end")) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(rest.count, Chunk.size - chunk.count)
            let room = UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[chunk.count...])
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            chunk.count += count
            rest = rest.dropFirst(count)
            if chunk.count == Chunk.size { try send() }
        }
    }

    func finish() throws(ImageError) {
        if chunk.count > 0 { try send() }
        queue.finish(nil)
    }

    private func send() throws(ImageError) {
        guard queue.put(chunk) else { throw ImageError(.unavailable, "the layer is not wanted any more") }
        chunk = queue.empty()
        chunk.count = 0
    }
}
