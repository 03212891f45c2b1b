import GRDB
import Model

/// One alteration of what the store holds.
package enum Change: Sendable {
    case put(Instance)
    case removeInstance(InstanceID)
    case putNetwork(NetworkRecord)
    case removeNetwork(String)
    case putVolume(VolumeRecord)
    case removeVolume(String)
    case putSnapshot(VolumeSnapshot)
    case removeSnapshot(volume: String, name: String)
    case event(Event)
}

extension Change {
    func apply(to database: Database) throws {
        switch self {
        case .put(let instance): try Self.put(instance, database)
        case .removeInstance(let id): try Self.run(database, "DELETE FROM instances WHERE id = ?", [id.text])
        case .putNetwork(let record):
            let values: StatementArguments = [record.id, record.spec.name, try Body.encode(record)]
            try Self.run(database, "INSERT OR REPLACE INTO networks VALUES (?, ?, ?)", values)
        case .removeNetwork(let id): try Self.run(database, "DELETE FROM networks WHERE id = ?", [id])
        case .putVolume(let record):
            let values: StatementArguments = [record.name, try Body.encode(record)]
            try Self.run(database, "INSERT OR REPLACE INTO volumes VALUES (?, ?)", values)
        case .removeVolume(let name): try Self.run(database, "DELETE FROM volumes WHERE name = ?", [name])
        case .putSnapshot(let record):
            let values: StatementArguments = [record.volume, record.name, try Body.encode(record)]
            try Self.run(database, "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", values)
        case .removeSnapshot(let volume, let name):
            try Self.run(database, "DELETE FROM snapshots WHERE volume = ? AND name = ?", [volume, name])
        case .event(let event): try Self.put(event, database)
        }
    }

    /// Not `INSERT OR REPLACE`: that would silently take the name away from another instance.
    private static func put(_ instance: Instance, _ database: Database) throws {
        try run(
            database,
            """
            INSERT INTO instances VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE
            SET name = excluded.name, state = excluded.state, body = excluded.body
            """,
            [
                instance.id.text, instance.name, instance.state.rawValue, instance.created,
                try Body.encode(instance),
            ])
    }

    private static func put(_ event: Event, _ database: Database) throws {
        try run(
            database, "INSERT INTO events VALUES (?, ?, ?)",
            [event.number, event.time, try Body.encode(event)])
        // Seldom, so that a burst of events is not a burst of deletions.
        guard event.number % 256 == 0 else { return }
        try run(database, "DELETE FROM events WHERE number <= ?", [event.number - Schema.journalLength])
    }

    private static func run(_ database: Database, _ sql: String, _ values: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: values)
    }
}
