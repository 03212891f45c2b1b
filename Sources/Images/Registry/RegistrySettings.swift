/// What the administrator says about registries.
package struct RegistrySettings: Sendable, Equatable {
    /// `host[:port]` of registries that may be spoken to without TLS, or whose certificate is not checked.
    package var insecureRegistries: [String] = []
    /// Files of PEM certificates that are trusted beside the host's.
    package var certificateAuthorities: [String] = []
    /// Registries asked in place of Docker Hub, in order, before it: `https://host`.
    package var mirrors: [String] = []
    /// Downloads at a time in one pull.
    package var parallelDownloads = 4
    /// Seconds without a byte after which a peer counts as stalled.
    package var stallTimeout: Double = 30
    /// How often a download is tried again before the pull fails.
    package var retries = 5
    /// Seconds before the first of these attempts; later pauses double.
    package var retryPause: Double = 0.5

    package init() {}
}
