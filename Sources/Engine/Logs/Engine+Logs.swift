import Model

extension Engine {
    package func logs(
        _ name: String, _ query: LogQuery
    ) async throws(EngineError) -> AsyncThrowingStream<LogEntry, any Error> {
        let cursor = try cursor(try entry(name), query)
        // The stream asks for each entry: a slow client holds nothing but its own.
        return AsyncThrowingStream {
            await withTaskCancellationHandler {
                await cursor.nextEntry()
            } onCancel: {
                cursor.close()
            }
        }
    }

    func cursor(_ entry: Entry, _ query: LogQuery) throws(EngineError) -> LogCursor {
        let folder = layout.folder(entry.id)
        if let spec = entry.container, spec.logging.driver == "none" {
            throw EngineError(.unsupported, "configured logging driver does not support reading")
        }
        var watch: FileWatch?
        // The state follows the end of the process only when everything behind it is cleared up.
        let mayGrow =
            (entry.isRunning && entry.instance.finished == nil) || entry.instance.state == .created
            || entry.instance.state == .restarting
        if query.follows, mayGrow {
            do {
                try folder.make()
                watch = try FileWatch(folder: folder.path, loop: watcher.loop)
            } catch {
                throw EngineError(error)
            }
        }
        let cursor = LogCursor(path: folder.log, query: query, watch: watch)
        entry.followers.removeAll { $0.cursor == nil }
        if watch != nil { entry.followers.append(Entry.Follower(cursor: cursor)) }
        return cursor
    }

    /// The path of the raw log file.
    package func logPath(_ name: String) async throws(EngineError) -> String {
        layout.folder(try entry(name).id).log
    }
}
