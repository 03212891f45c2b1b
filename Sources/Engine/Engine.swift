/// Containers and machines, what they are connected to and what they are made of, as one state.
package actor Engine {
    package nonisolated let configuration: EngineConfiguration

    /// Opens the store below `configuration.data` and adopts what still runs from an earlier daemon.
    package init(configuration: EngineConfiguration) async throws(EngineError) {
        self.configuration = configuration
    }

    /// Ends the engine's own work; containers go on running.
    package func shutDown() async {}
}
