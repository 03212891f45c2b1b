import Containers
import Model

/// One run of an instance, from its start to its end. It outlives the daemon that began it.
protocol Runner: Sendable {
    /// The first process, seen from the host.
    var processID: Int32 { get }

    /// Waits for the end. Called once.
    func end() async -> ExitRecord

    /// Asks the instance to end, in the way that its user chose.
    func stop(signal: Int32) async throws(EngineError)
    /// Ends it now.
    func kill() async throws(EngineError)
    func signal(_ number: Int32) async throws(EngineError)
    func pause() async throws(EngineError)
    func resume() async throws(EngineError)
    func resize(_ size: TerminalSize) async
    /// A connection for one client.
    func open(_ options: AttachOptions) async throws(EngineError) -> any SessionPort

    /// Ends the connection to the run, which itself goes on; `end` returns.
    func letGo()

    /// Removes what the run has left on the host, after its end.
    func clear() async
}
