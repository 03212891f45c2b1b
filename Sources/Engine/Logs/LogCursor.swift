import Host
import Model
import Synchronization

/// A reader's place in the log of an instance.
final class LogCursor: Sendable {
    private struct Place: ~Copyable {
        var file: LogFile
        var ready: [LogEntry] = []
        var isOver = false
    }

    private let query: LogQuery
    private let place: Mutex<Place>
    private let watch: FileWatch?

    /// - Parameters:
    ///   - path: of the newest log file.
    ///   - watch: tells of new lines; `nil` ends at the end of what is there. Whoever knows that the instance has
    ///     ended closes it.
    init(path: String, query: LogQuery, watch: FileWatch?) {
        self.query = query
        self.watch = watch
        place = Mutex(Place(file: LogFile(path: path, tail: query.tail)))
    }

    /// The next entry; `nil` at the end. One reader at a time.
    func nextEntry() async -> LogEntry? {
        var isLast = false
        while true {
            if let entry = takeReady() { return entry }
            // Blocking, but for the time of a read from the page cache: no thread is worth that.
            let found = fill()
            if found { continue }
            if isLast || isOver { return nil }
            guard let watch else { return nil }
            // The watch is closed after the last line was written: what is there then is all.
            isLast = !(await watch.change())
        }
    }

    /// Ends the waiting of `nextEntry`.
    func close() { watch?.close() }

    private var isOver: Bool { place.withLock { $0.isOver } }

    private func takeReady() -> LogEntry? {
        place.withLock { place in place.ready.isEmpty ? nil : place.ready.removeLast() }
    }

    /// Reads on until something matches.
    private func fill() -> Bool {
        place.withLock { place in
            while !place.isOver {
                let lines = place.file.lines()
                if lines.isEmpty { return false }
                place.ready = lines.compactMap(LogLine.parse).filter { accept($0, &place.isOver) }.reversed()
                if !place.ready.isEmpty { return true }
            }
            return false
        }
    }

    private func accept(_ entry: LogEntry, _ isOver: inout Bool) -> Bool {
        if let until = query.until, entry.time > until {
            isOver = true
            return false
        }
        if let since = query.since, entry.time < since { return false }
        return entry.stream == .stdout ? query.includesStdout : query.includesStderr
    }
}
