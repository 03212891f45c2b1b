/// One way to speak to a registry.
struct RegistryEndpoint: Hashable, Sendable {
    let scheme: String
    /// Host and optional port.
    let host: String
    /// Whether the peer must prove who it is.
    var verifies = true

    var base: String { "\(scheme)://\(host)/v2/" }

    /// The ways to try for the registry of a name, best first. Plain HTTP and unverified TLS are for the loopback and
    /// for registries that the administrator calls insecure.
    static func candidates(for registry: String, _ settings: RegistrySettings) -> [RegistryEndpoint] {
        if registry == Reference.defaultRegistry {
            return settings.mirrors.compactMap(mirror) + [
                RegistryEndpoint(scheme: "https", host: "registry-1.docker.io")
            ]
        }
        guard isLoopback(registry) || settings.insecureRegistries.contains(registry) else {
            return [RegistryEndpoint(scheme: "https", host: registry)]
        }
        return [
            RegistryEndpoint(scheme: "https", host: registry, verifies: false),
            RegistryEndpoint(scheme: "http", host: registry, verifies: false),
        ]
    }

    private static func mirror(_ address: String) -> RegistryEndpoint? {
        for scheme in ["https", "http"] where address.hasPrefix("\(scheme)://") {
            let host = address.dropFirst(scheme.count + 3).prefix { $0 != "/" }
            return RegistryEndpoint(scheme: scheme, host: String(host), verifies: scheme == "https")
        }
        return nil
    }

    /// 127.0.0.0/8, ::1 and localhost, with or without a port.
    static func isLoopback(_ registry: String) -> Bool {
        if registry.hasPrefix("[") { return registry.hasPrefix("[::1]") }
        let host = registry.split(separator: ":").first ?? ""
        if host == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
