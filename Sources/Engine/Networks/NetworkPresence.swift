/// What there is of a network on the host, beyond its record, and who sees to it.
struct NetworkPresence {
    /// Whether bridge, rules and process are there.
    var isRealised = false
    /// Endpoints of builds' steps that are in it.
    var steps: Set<String> = []
    /// Waits for the end of its process.
    var watch: Task<Void, Never>?
    /// Takes it down, if nobody needs it soon.
    var retirement: Task<Void, Never>?
}

extension Engine {
    func isRealised(_ networkID: String) -> Bool { presences[networkID]?.isRealised == true }

    /// Forgets a network that is no longer on the host.
    func forgetPresence(of networkID: String) {
        presences.removeValue(forKey: networkID)?.watch?.cancel()
    }
}
