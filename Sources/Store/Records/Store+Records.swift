import GRDB
import Model

/// Everything the daemon needs to know at its start.
package struct StoredRecords: Sendable {
    package var instances: [Instance]
    package var networks: [NetworkRecord]
    package var volumes: [VolumeRecord]
    package var snapshots: [VolumeSnapshot]
    /// The number of the newest event; 0 when there was none.
    package var lastEvent: Int64
}

extension Store {
    /// All records but events. Blocks.
    package func records() throws(StoreError) -> StoredRecords {
        try read { database in
            StoredRecords(
                instances: try Self.bodies(database, "SELECT body FROM instances ORDER BY created"),
                networks: try Self.bodies(database, "SELECT body FROM networks ORDER BY name"),
                volumes: try Self.bodies(database, "SELECT body FROM volumes ORDER BY name"),
                snapshots: try Self.bodies(database, "SELECT body FROM snapshots ORDER BY volume, name"),
                lastEvent: try Int64.fetchOne(database, sql: "SELECT max(number) FROM events") ?? 0)
        }
    }

    /// Events of the journal, oldest first; times in nanoseconds since 1970, bounds included. Blocks.
    package func events(since: Int64, until: Int64 = .max) throws(StoreError) -> [Event] {
        try read { database in
            try Self.bodies(
                database, "SELECT body FROM events WHERE time >= ? AND time <= ? ORDER BY number",
                [since, until])
        }
    }

    private static func bodies<Value: Decodable>(
        _ database: Database, _ sql: String, _ arguments: StatementArguments = []
    ) throws -> [Value] {
        try String.fetchAll(database, sql: sql, arguments: arguments).map { try Body.decode(Value.self, $0) }
    }
}
