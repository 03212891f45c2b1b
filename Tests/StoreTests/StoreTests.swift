import GRDB
import Model
import Testing

@testable import Store

struct StoreTests {
    private func instance(_ name: String, created: Double = 1) -> Instance {
        Instance(
            id: .random(), name: name, spec: .container(ContainerSpec(image: "busybox")), created: created)
    }

    @Test func everythingComesBackAfterReopening() async throws {
        let folder = try TemporaryFolder()
        var instance = instance("quiet_heron")
        instance.state = .exited
        instance.exitCode = 3
        let network = NetworkRecord(id: "n1", spec: NetworkSpec(name: "web"), created: 2)
        let volume = VolumeRecord(name: "data", created: 3, mountPoint: "/v")
        let snapshot = VolumeSnapshot(volume: "data", name: "s", created: 4, path: "/s")
        let store = try Store(path: folder.file("db"))
        try await store.commit([
            .put(instance), .putNetwork(network), .putVolume(volume), .putSnapshot(snapshot),
            .event(Event(number: 7, .container, "die", actor: instance.id.text, time: 70)),
        ])
        store.close()
        let records = try Store(path: folder.file("db")).records()
        #expect(records.instances == [instance])
        #expect(records.networks == [network])
        #expect(records.volumes == [volume])
        #expect(records.snapshots == [snapshot])
        #expect(records.lastEvent == 7)
    }

    @Test func laterChangesReplaceEarlierOnesInOrder() async throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.file("db"))
        var instance = instance("one")
        for code in 0..<50 {
            instance.exitCode = Int32(code)
            store.note([.put(instance)])
        }
        try await store.commit([])
        #expect(try store.records().instances.map(\.exitCode) == [49])
        try await store.commit([.removeInstance(instance.id)])
        #expect(try store.records().instances.isEmpty)
    }

    @Test func aNameBelongsToOneInstance() async throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.file("db"))
        try await store.commit([.put(instance("same"))])
        await #expect { try await store.commit([.put(self.instance("same"))]) } throws: {
            ($0 as? StoreError)?.kind == .conflict
        }
    }

    @Test func aFailingChangeTakesNoOtherWithIt() async throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.file("db"))
        try await store.commit([.put(instance("same"))])
        let results = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<40 {
                let item = instance(index % 4 == 0 ? "same" : "other\(index)")
                group.addTask { (try? await store.commit([.put(item)])) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(results == 30)
        #expect(try store.records().instances.count == 31)
    }

    @Test func eventsAreFoundByTheirTimeAndTheOldestGo() async throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.file("db"))
        let count = Schema.journalLength + 512
        for first in stride(from: Int64(1), through: count, by: 512) {
            store.note(
                (first..<min(first + 512, count + 1)).map {
                    .event(Event(number: $0, .image, "pull", actor: "a", time: $0 * 10))
                })
        }
        try await store.commit([])
        #expect(try store.events(since: count * 10 - 20).map(\.number) == [count - 2, count - 1, count])
        #expect(try store.events(since: 0, until: 4800).isEmpty)
        #expect(try store.events(since: 0).count <= Int(Schema.journalLength) + 256)
    }

    @Test func aDamagedFileIsRefusedAndLeftAlone() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("db")
        let noise = [UInt8](repeating: 0x5a, count: 8192)
        try folder.write("db", noise)
        #expect { try Store(path: path) } throws: { error in
            (error as? StoreError)?.kind == .corrupt && "\(error)".contains(path)
        }
        #expect(folder.read("db") == noise)
    }

    @Test func aDatabaseOfANewerVersionIsRefused() throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.file("db"))
        _ = try store.read { database in
            try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('99: the future')")
        }
        store.close()
        #expect { try Store(path: folder.file("db")) } throws: { "\($0)".contains("newer version") }
    }

    /// The tables as they were released. A migration adds to them in a new test; this text never changes.
    @Test func theFirstSchemaIsFrozen() throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.file("db"))
        let schema = try store.read { database in
            try Schema.tables(database)
        }
        #expect(
            schema == """
                events: number INTEGER, time INTEGER, body TEXT
                instances: id TEXT, name TEXT, state TEXT, created REAL, body TEXT
                networks: id TEXT, name TEXT, body TEXT
                snapshots: volume TEXT, name TEXT, body TEXT
                volumes: name TEXT, body TEXT
                """)
    }
}

extension Schema {
    /// The tables with their columns, one a line, for comparison.
    static func tables(_ database: Database) throws -> String {
        let names = try String.fetchAll(
            database,
            sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'grdb%' ORDER BY name"
        )
        return try names.map { name in
            let columns = try database.columns(in: name).map { "\($0.name) \($0.type)" }
            return "\(name): \(columns.joined(separator: ", "))"
        }.joined(separator: "\n")
    }
}
