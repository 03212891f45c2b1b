import GRDB

/// The tables, as they came to be. Append only: a migration that was released never changes.
enum Schema {
    /// How many events the journal keeps.
    static let journalLength: Int64 = 20_000

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: instances, networks, volumes, snapshots, events") { database in
            try database.execute(sql: first)
        }
        return migrator
    }

    /// Bodies are JSON of `Model` values; columns beside them are what must be unique or searched.
    private static let first = """
        CREATE TABLE instances (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL,
            created REAL NOT NULL,
            body TEXT NOT NULL
        );
        CREATE TABLE networks (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            body TEXT NOT NULL
        );
        CREATE TABLE volumes (
            name TEXT NOT NULL PRIMARY KEY,
            body TEXT NOT NULL
        );
        CREATE TABLE snapshots (
            volume TEXT NOT NULL,
            name TEXT NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (volume, name)
        );
        CREATE TABLE events (
            number INTEGER NOT NULL PRIMARY KEY,
            time INTEGER NOT NULL,
            body TEXT NOT NULL
        );
        CREATE INDEX events_by_time ON events (time);
        """
}
