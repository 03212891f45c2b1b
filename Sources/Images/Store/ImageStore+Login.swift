extension ImageStore {
    /// Tries credentials at a registry: `host[:port]`, or `docker.io`.
    ///
    /// - Throws: `unauthorized` when the registry does not accept them, `unavailable` when it does not answer.
    package func tryLogin(_ registry: String, _ credentials: Credentials) async throws(ImageError) {
        let reference = try Reference(registry == "docker.io" ? "login" : "\(registry)/login")
        guard reference.registry == registry else {
            throw ImageError(.invalid, "\"\(registry)\" names no registry: write its host, and its port")
        }
        try await RegistryClient.with(reference, actions: "", credentials, registries) {
            client throws(ImageError) in
            try await client.logOn()
        }
    }
}
