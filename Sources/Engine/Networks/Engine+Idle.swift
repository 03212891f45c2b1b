import KernelNetwork
import Model
import Store

// A network is a record for as long as its user wants it, and a bridge, rules and a process only while a container
// is in it: what nobody uses costs nothing, and nothing is left of us on the host when we have gone.
extension Engine {
    /// How long a network outlives its last container: a series of short runs does not make it anew each time.
    private static let patience = Duration.seconds(10)

    private func isIdle(_ networkID: String) -> Bool {
        presences[networkID]?.steps.isEmpty != false
            && !instances.values.contains { entry in
                entry.attached.contains { $0.networkID == networkID }
            }
    }

    /// Makes a network's bridge when nobody needed it until now. Call it with the endpoint in `attached` already:
    /// that keeps the network from being taken down meanwhile.
    func realise(_ record: NetworkRecord) async throws(EngineError) {
        guard !isRealised(record.id) else { return }
        try await exclusively("network/\(record.spec.name)") { () async throws(EngineError) in
            guard !isRealised(record.id) else { return }
            let backend = network
            let failures = try await blocking { backend.restore([record]) }
            if let (_, error) = failures.first { throw EngineError(error) }
            presences[record.id, default: NetworkPresence()].isRealised = true
            watchOver(record.id)
        }
    }

    /// Takes the network down if it is idle still when the patience is over.
    func retireLater(_ networkID: String) {
        guard !isShuttingDown, isRealised(networkID), isIdle(networkID) else { return }
        presences[networkID]?.retirement?.cancel()
        presences[networkID]?.retirement = Task {
            guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
            await retire(networkID)
        }
    }

    private func retire(_ networkID: String) async {
        guard let record = networks[networkID] else { return }
        // What is done under the key throws nothing.
        try? await exclusively("network/\(record.spec.name)") {
            guard isRealised(networkID), isIdle(networkID) else { return }
            forgetPresence(of: networkID)
            await takeDown(record)
        }
    }

    private func takeDown(_ record: NetworkRecord) async {
        let backend = network
        do {
            try await blocking { try backend.retire(record) }
        } catch {
            log.warning("network \(record.spec.name) cannot be taken down: \(error)")
        }
    }

    /// At the daemon's end: networks of containers that go on running stay.
    func retireIdleNetworks() async {
        for presence in presences.values { presence.retirement?.cancel() }
        for id in presences.keys.sorted() { await retire(id) }
    }

    /// At the daemon's start: what one that was killed has left.
    func retireLeftovers(_ records: [NetworkRecord]) async {
        for record in records { await takeDown(record) }
    }
}
