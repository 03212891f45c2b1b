import HTTPTypes
import Hummingbird
import HummingbirdCore
import Images
import Synchronization

/// Lines of progress while something long is done: pull, push, load, build.
struct ProgressStream: Sendable {
    /// Lines that wait for a slow client; older ones are dropped beyond this.
    private static let longest = 4096

    /// Where the work puts its lines.
    struct Sink: Sendable {
        fileprivate let continuation: AsyncThrowingStream<JSON, any Error>.Continuation

        func line(_ json: JSON) { continuation.yield(json) }
    }

    /// Runs `work` and answers with its lines. When it fails before it said anything, the response is the error
    /// itself, unless it `failsInStream`; later, the error is the last line. The work is cancelled when the client goes away.
    static func response(
        failure: @escaping @Sendable (APIError) -> JSON = dockerFailure, failsInStream: Bool = false,
        _ work: @escaping @Sendable (Sink) async throws -> Void
    ) async throws -> Response {
        let (lines, continuation) = AsyncThrowingStream<JSON, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(longest))
        let task = Task {
            do {
                try await work(Sink(continuation: continuation))
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        let reader = LineReader(lines.makeAsyncIterator())
        let first = failsInStream ? nil : try await reader.next()
        return Reply.stream(type: "application/json") { writer in
            defer { task.cancel() }
            do {
                var line = failsInStream ? try await reader.next() : first
                while let json = line {
                    try await writer.write(line: json)
                    line = try await reader.next()
                }
            } catch let error where !(error is CancellationError) {
                try await writer.write(line: failure(APIError(error)))
            }
        }
    }

    static let dockerFailure: @Sendable (APIError) -> JSON = { error in
        ["errorDetail": ["message": .string(error.message)], "error": .string(error.message)]
    }
}

/// An iterator that is handed on with the response.
private final class LineReader: @unchecked Sendable {
    // SAFETY: the route reads the first line, then the response's body alone reads the rest.
    private var iterator: AsyncThrowingStream<JSON, any Error>.AsyncIterator

    init(_ iterator: AsyncThrowingStream<JSON, any Error>.AsyncIterator) { self.iterator = iterator }

    func next() async throws -> JSON? { try await iterator.next() }
}

/// Turns progress of the image store into Docker's lines, sparing clients what would only flicker.
final class ProgressLines: Sendable {
    /// Counted progress of one layer is told this often at most.
    private static let interval = Duration.milliseconds(100)

    private let latest = Mutex<[String: ContinuousClock.Instant]>([:])
    private let sink: ProgressStream.Sink

    init(_ sink: ProgressStream.Sink) { self.sink = sink }

    func take(_ progress: PullProgress) {
        if progress.total > 0, progress.current < progress.total, !isDue(progress) { return }
        sink.line(Self.json(progress))
    }

    private func isDue(_ progress: PullProgress) -> Bool {
        let now = ContinuousClock.now
        let key = "\(progress.id) \(progress.status)"
        return latest.withLock { latest in
            if let last = latest[key], now - last < Self.interval { return false }
            latest[key] = now
            return true
        }
    }

    static func json(_ progress: PullProgress) -> JSON {
        let text = progress.status == .message ? progress.message : progress.status.rawValue
        var fields: JSON = ["status": .string(text)]
        if progress.total > 0 || progress.current > 0 {
            fields = fields.adding([
                "progressDetail": ["current": .int(progress.current), "total": .int(progress.total)],
                "progress": .string(bar(progress.current, of: progress.total)),
            ])
        } else if !progress.id.isEmpty, progress.status != .message {
            fields = fields.adding(["progressDetail": [:]])
        }
        return progress.id.isEmpty ? fields : fields.adding(["id": .string(progress.id)])
    }

    /// `[=====>     ]  1.2MB/34MB`
    static func bar(_ current: Int64, of total: Int64) -> String {
        guard total > 0, current <= total else { return size(current) }
        let done = Int(50 * Double(current) / Double(total))
        let head = done < 50 ? ">" : ""
        let rest = String(repeating: " ", count: max(50 - done - head.count, 0))
        return "[\(String(repeating: "=", count: done))\(head)\(rest)]  \(size(current))/\(size(total))"
    }

    /// Powers of 1000, four significant digits, as Docker prints sizes.
    static func size(_ bytes: Int64) -> String {
        var value = Double(max(bytes, 0))
        let units = ["B", "kB", "MB", "GB", "TB", "PB"]
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        let scale = value >= 100 ? 10.0 : value >= 10 ? 100 : 1000
        let rounded = (value * scale).rounded() / scale
        let text = rounded == rounded.rounded() ? String(Int(rounded)) : "\(rounded)"
        return text + units[unit]
    }
}
