import Model

/// The engine's doors that are still to be filled.
extension Engine {
    private nonisolated func pending<Value>() throws(EngineError) -> Value {
        throw EngineError(.unsupported, "this part of the engine is still being put in")
    }

    private nonisolated func pending() throws(EngineError) { let _: Bool = try pending() }

    // MARK: Life cycle

    package func create(_ spec: InstanceSpec, name: String?) async throws(EngineError) -> Created {
        try pending()
    }
    package func start(_ name: String) async throws(EngineError) { try pending() }
    /// - Parameters:
    ///   - timeout: seconds until SIGKILL; `nil` is the instance's own, negative waits without end.
    ///   - signal: in place of the instance's own stop signal.
    package func stop(_ name: String, timeout: Int? = nil, signal: String? = nil) async throws(EngineError) {
        try pending()
    }
    package func restart(_ name: String, timeout: Int? = nil, signal: String? = nil) async throws(EngineError)
    {
        try pending()
    }
    package func kill(_ name: String, signal: String? = nil) async throws(EngineError) { try pending() }
    package func pause(_ name: String) async throws(EngineError) { try pending() }
    package func resume(_ name: String) async throws(EngineError) { try pending() }
    package func rename(_ name: String, to newName: String) async throws(EngineError) { try pending() }
    /// - Returns: warnings.
    package func update(
        _ name: String, resources: ContainerResources?, restart: RestartPolicy?
    ) async throws(EngineError) -> [String] { try pending() }
    /// - Parameter removesVolumes: whether its anonymous volumes go as well.
    package func remove(
        _ name: String, force: Bool = false, removesVolumes: Bool = false
    ) async throws(EngineError) { try pending() }
    package func wait(_ name: String, _ condition: WaitCondition) async throws(EngineError) -> WaitResult {
        try pending()
    }
    /// Returns when `wait` would be counting already, with what it will answer: a client may be told that it waits.
    package func beginWait(
        _ name: String, _ condition: WaitCondition
    ) async throws(EngineError) -> Task<WaitResult, any Error> { try pending() }

    // MARK: Looking

    /// - Parameter all: whether those that do not run are listed as well; implied by a filter for a state.
    package func list(
        all: Bool = false, limit: Int? = nil, filters: Filters = Filters()
    ) async throws(EngineError) -> [Instance] { try pending() }
    /// - Parameter name: a name, an id or the unambiguous start of one.
    package func inspect(_ name: String) async throws(EngineError) -> Instance { try pending() }
    package func size(_ name: String) async throws(EngineError) -> InstanceSize { try pending() }
    /// - Parameter arguments: those of ps(1); empty means `-ef`.
    package func top(_ name: String, arguments: [String] = []) async throws(EngineError) -> ProcessTable {
        try pending()
    }
    package func statistics(_ name: String) async throws(EngineError) -> InstanceStatistics { try pending() }
    /// One value a second until the instance is removed or the stream is dropped.
    package func statisticsStream(
        _ name: String
    ) async throws(EngineError) -> AsyncThrowingStream<InstanceStatistics, any Error> { try pending() }
    package func changes(_ name: String) async throws(EngineError) -> [FileChange] { try pending() }
    package func logs(
        _ name: String, _ query: LogQuery
    ) async throws(EngineError) -> AsyncThrowingStream<LogEntry, any Error> { try pending() }
    /// The path of the raw log file.
    package func logPath(_ name: String) async throws(EngineError) -> String { try pending() }

    // MARK: Streams

    /// A session with an instance. One that was created but not started yet is waited for.
    package func attach(_ name: String, _ options: AttachOptions) async throws(EngineError) -> StreamSession {
        try pending()
    }
    package func resize(_ name: String, _ size: TerminalSize) async throws(EngineError) { try pending() }
    /// - Returns: the exec's id.
    package func createExec(_ name: String, _ spec: ExecSpec) async throws(EngineError) -> String {
        try pending()
    }
    /// Starts the process; its session, or `nil` when `detached`.
    package func startExec(
        _ id: String, detached: Bool = false, terminalSize: TerminalSize? = nil
    ) async throws(EngineError) -> StreamSession? { try pending() }
    package func inspectExec(_ id: String) async throws(EngineError) -> ExecRecord { try pending() }
    /// Ids of the execs that an instance has.
    package func execs(of name: String) async throws(EngineError) -> [String] { try pending() }
    package func resizeExec(_ id: String, _ size: TerminalSize) async throws(EngineError) { try pending() }

    // MARK: Files

    package func pathStatus(_ name: String, path: String) async throws(EngineError) -> PathStatus {
        try pending()
    }
    /// A tar of a file or folder.
    package func archive(
        _ name: String, path: String
    ) async throws(EngineError) -> (status: PathStatus, tar: ByteStream) { try pending() }
    /// Unpacks a tar into the folder `path`.
    ///
    /// - Parameters:
    ///   - keepsKinds: refuse to replace a folder by a file or the other way round.
    ///   - keepsOwners: owners are the archive's, in place of root.
    package func unpack(
        _ name: String, path: String, tar: ByteStream, keepsKinds: Bool = false, keepsOwners: Bool = true
    ) async throws(EngineError) { try pending() }
    /// A tar of all the files of a container.
    package func export(_ name: String) async throws(EngineError) -> ByteStream { try pending() }
    /// - Returns: the id of the new image.
    package func commit(_ name: String, _ spec: CommitSpec) async throws(EngineError) -> String {
        try pending()
    }
    package func pruneInstances(_ filters: Filters = Filters()) async throws(EngineError) -> PruneReport {
        try pending()
    }

    // MARK: Events

    /// What happened, oldest first, and goes on happening.
    ///
    /// - Parameters:
    ///   - since: nanoseconds since 1970; `nil` means from now on.
    ///   - until: nanoseconds since 1970; `nil` means without end.
    package func events(
        since: Int64? = nil, until: Int64? = nil, filters: Filters = Filters()
    ) async throws(EngineError) -> AsyncStream<Event> { try pending() }
    /// Notes something that happened outside the engine, such as a pull.
    package func record(
        _ subject: Event.Subject, _ action: String, actor: String, attributes: [String: String] = [:]
    ) async {}

    // MARK: Networks

    package func createNetwork(_ spec: NetworkSpec) async throws(EngineError) -> NetworkRecord {
        try pending()
    }
    package func networks(_ filters: Filters = Filters()) async throws(EngineError) -> [NetworkDetails] {
        try pending()
    }
    package func network(_ name: String) async throws(EngineError) -> NetworkDetails { try pending() }
    package func removeNetwork(_ name: String) async throws(EngineError) { try pending() }
    package func connect(
        _ instance: String, to network: String, _ endpoint: EndpointSpec = EndpointSpec()
    ) async throws(EngineError) { try pending() }
    package func disconnect(
        _ instance: String, from network: String, force: Bool = false
    ) async throws(EngineError) { try pending() }
    package func pruneNetworks(_ filters: Filters = Filters()) async throws(EngineError) -> PruneReport {
        try pending()
    }

    // MARK: Volumes

    package func createVolume(_ spec: VolumeSpec) async throws(EngineError) -> VolumeRecord { try pending() }
    package func volumes(_ filters: Filters = Filters()) async throws(EngineError) -> [VolumeRecord] {
        try pending()
    }
    package func volume(_ name: String) async throws(EngineError) -> VolumeRecord { try pending() }
    package func removeVolume(_ name: String, force: Bool = false) async throws(EngineError) { try pending() }
    /// - Parameter filters: without `all=true` only anonymous volumes go.
    package func pruneVolumes(_ filters: Filters = Filters()) async throws(EngineError) -> PruneReport {
        try pending()
    }
    package func snapshotVolume(_ name: String, as snapshot: String?) async throws(EngineError)
        -> VolumeSnapshot
    {
        try pending()
    }
    package func volumeSnapshots(of name: String) async throws(EngineError) -> [VolumeSnapshot] {
        try pending()
    }
    package func removeVolumeSnapshot(_ snapshot: String, of name: String) async throws(EngineError) {
        try pending()
    }
    /// - Parameter snapshot: `nil` means the volume as it is now.
    package func cloneVolume(
        _ name: String, to newName: String, snapshot: String? = nil
    ) async throws(EngineError) -> VolumeRecord { try pending() }
    /// Puts a volume's files back to what they were; refused while a running instance uses it.
    package func restoreVolume(_ name: String, from snapshot: String) async throws(EngineError) {
        try pending()
    }

    // MARK: System

    package func systemInfo() async throws(EngineError) -> SystemInfo { try pending() }
    package func diskUsage() async throws(EngineError) -> DiskUsage { try pending() }
}

/// One client's connection to a process: its output as it comes, and its input.
package final class StreamSession: Sendable {
    package init() {}

    /// Whether output is that of a terminal: one stream without a difference between stdout and stderr.
    package var hasTerminal: Bool { false }
    /// The next output; `nil` at the end, after which `end` says why. One reader at a time.
    package func next() async -> StreamChunk? { nil }
    /// Waits until the process's side has taken the bytes; they are dropped when it has ended.
    package func send(_ bytes: [UInt8]) async {}
    /// The process sees the end of its input.
    package func closeStdin() async {}
    package func resize(_ size: TerminalSize) async {}
    package func signal(_ number: Int32) async {}
    /// Leaves the process to itself.
    package func close() async {}
    /// How the session ended; waits until it has.
    package func end() async -> SessionEnd { .detached }
}
