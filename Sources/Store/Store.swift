import GRDB
import Model
import Synchronization

/// The daemon's records in one SQLite file. What `commit` has answered for is on the disk, come what may.
///
/// Changes take effect in the order in which they are handed over, and those that come while the disk is busy share
/// the next transaction: ten starts at a time cost about as many flushes as one.
package final class Store: Sendable {
    private struct Batch: Sendable {
        let changes: [Change]
        let completion: (@Sendable (StoreError?) -> Void)?
    }

    private struct Inbox {
        var batches: [Batch] = []
        var isDraining = false
        var isClosed = false
    }

    private let queue: DatabaseQueue
    private let inbox = Mutex(Inbox())

    /// Opens the database at `path`, or makes it, and brings its tables up to date. Blocks.
    ///
    /// - Throws: `corrupt` for a file that is damaged or was written by a newer version; it is left as it is.
    package init(path: String) throws(StoreError) {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA cache_size = -512")
        }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try Self.examine(queue, path)
            try Schema.migrator.migrate(queue)
            self.queue = queue
        } catch {
            throw StoreError(opening: path, error)
        }
    }

    private static func examine(_ queue: DatabaseQueue, _ path: String) throws {
        try queue.read { database in
            if try Schema.migrator.hasBeenSuperseded(database) {
                throw StoreError(
                    .corrupt,
                    "the database \(path) was written by a newer version: start that one, or choose another folder"
                )
            }
            let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
            guard verdict == "ok" else {
                throw StoreError(
                    .corrupt,
                    "the database \(path) is damaged (\(verdict ?? "no verdict")): put back a copy, or move it away"
                )
            }
        }
    }

    /// Returns when `changes` are durable, all of them, or none is.
    package func commit(
        _ changes: [Change], isolation: isolated (any Actor)? = #isolation
    ) async throws(StoreError) {
        let failure: StoreError? = await withCheckedContinuation { continuation in
            submit(Batch(changes: changes) { continuation.resume(returning: $0) })
        }
        if let failure { throw failure }
    }

    /// Makes `changes` durable soon; for what nobody was told yet.
    package func note(_ changes: [Change]) { submit(Batch(changes: changes, completion: nil)) }

    private func submit(_ batch: Batch) {
        let (isClosed, mustStart) = inbox.withLock { inbox in
            if inbox.isClosed { return (true, false) }
            inbox.batches.append(batch)
            defer { inbox.isDraining = true }
            return (false, !inbox.isDraining)
        }
        if isClosed {
            batch.completion?(StoreError(.system, "the database was closed: the daemon is ending"))
        }
        guard mustStart else { return }
        queue.asyncWriteWithoutTransaction { [self] database in drain(database) }
    }

    private func drain(_ database: Database) {
        while let batches = take() {
            if Self.apply(batches, database) == nil {
                for batch in batches { batch.completion?(nil) }
            } else {
                // One of them is at fault: alone, each gets an answer of its own.
                for batch in batches { batch.completion?(Self.apply([batch], database)) }
            }
        }
    }

    private func take() -> [Batch]? {
        inbox.withLock { inbox in
            defer { inbox.batches = [] }
            if inbox.batches.isEmpty { inbox.isDraining = false }
            return inbox.batches.isEmpty ? nil : inbox.batches
        }
    }

    private static func apply(_ batches: [Batch], _ database: Database) -> StoreError? {
        do {
            try database.inTransaction(.immediate) {
                for batch in batches { for change in batch.changes { try change.apply(to: database) } }
                return .commit
            }
            return nil
        } catch {
            return StoreError(writing: error)
        }
    }

    /// Waits for everything that was handed over and closes the file; what comes later is refused. Blocks.
    package func close() {
        inbox.withLock { $0.isClosed = true }
        queue.writeWithoutTransaction { drain($0) }
        // What could not be closed is closed by the end of the process; every commit is durable already.
        try? queue.close()
    }

    /// Runs `body` over the database, behind everything handed over so far.
    func read<Value: Sendable>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try queue.writeWithoutTransaction { try body($0) }
        } catch {
            throw StoreError(writing: error)
        }
    }
}
