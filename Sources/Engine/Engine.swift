import Builder
import Containers
import Glibc
import Host
import Images
import KernelNetwork
import Logging
import Model
import Store

/// Containers and machines, what they are connected to and what they are made of, as one state.
///
/// The state is in memory and what must last is in the store as well: a change is made in the store first, and
/// whoever asked is answered when it is durable. What takes long (files, programs, networks) happens off the actor;
/// `exclusively` keeps two operations on one instance from mixing meanwhile.
package actor Engine {
    package nonisolated let configuration: EngineConfiguration
    package nonisolated let images: ImageStore
    nonisolated let builder: ImageBuilder
    package nonisolated let network: NetworkBackend
    nonisolated let layout: EngineLayout
    nonisolated let store: Store
    nonisolated let watcher: LoopThread
    nonisolated let host: HostFacts
    nonisolated let log: Logger
    /// Held for our life, so that no second daemon works on the same data.
    private nonisolated let lock: Int32

    var turnstile = Turnstile()
    var instances: [InstanceID: Entry] = [:]
    var names: [String: InstanceID] = [:]
    var execs: [String: Exec] = [:]
    var networks: [String: NetworkRecord] = [:]
    var addresses = AddressPool()
    /// Networks that are on the host, or that a build's step is about to be in.
    var presences: [String: NetworkPresence] = [:]
    var volumes: [String: VolumeRecord] = [:]
    var snapshots: [String: [VolumeSnapshot]] = [:]
    var journal: EventJournal
    var isShuttingDown = false

    /// Opens the store below `configuration.data` and adopts what still runs from an earlier daemon.
    package init(configuration: EngineConfiguration) async throws(EngineError) {
        self.configuration = configuration
        let layout = EngineLayout(configuration)
        self.layout = layout
        var log = Logger(label: "engine")
        log.logLevel = .info
        self.log = log
        do {
            try layout.makeFolders()
            lock = try Self.lock(layout.lock)
            store = try Store(path: layout.database)
            images = try ImageStore(data: configuration.data, registries: configuration.registries)
            builder = try await ImageBuilder(configuration, layout, images: images)
            network = try NetworkBackend(
                run: configuration.run, isRootless: configuration.isRootless,
                program: layout.program("viv-network"))
            watcher = try LoopThread()
            host = HostFacts()
            journal = EventJournal(last: 0)
        } catch {
            throw EngineError(error)
        }
        try await adopt()
    }

    private static func lock(_ path: String) throws -> Int32 {
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT)
        guard file.lock(exclusive: true) else {
            throw EngineError(
                .conflict, "another daemon works on this data (\(path) is locked): stop it first")
        }
        return file.release()
    }

    /// Ends the engine's own work; containers go on running.
    package func shutDown() async {
        isShuttingDown = true
        for presence in presences.values { presence.watch?.cancel() }
        for entry in instances.values { entry.cancelTasks() }
        for entry in instances.values { entry.runner?.letGo() }
        for exec in execs.values { exec.connection?.end() }
        for entry in instances.values { await entry.watch?.value }
        await retireIdleNetworks()
        journal.finish()
        watcher.stop()
        store.close()
        close(lock)
    }
}
