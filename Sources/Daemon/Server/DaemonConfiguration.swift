/// What the routes know about the daemon that they belong to.
package struct DaemonConfiguration: Sendable {
    /// See `EngineConfiguration`.
    package var data: String
    package var run: String
    package var isRootless: Bool
    /// Registries that may be spoken to without TLS.
    package var insecureRegistries: [String] = []

    package init(data: String, run: String, isRootless: Bool) {
        self.data = data
        self.run = run
        self.isRootless = isRootless
    }
}
