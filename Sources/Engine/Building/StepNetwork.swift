import Builder
import KernelNetwork
import Model

/// The network of one RUN step: an endpoint in a named network, in a net namespace that the step's process joins.
struct StepNetwork: Sendable {
    let namespace: HeldNamespace
    let endpoint: Endpoint
    /// What the step sees as `/etc/resolv.conf`.
    let resolver: String
}

extension Engine {
    /// Connects a step to a network; to be given back by `leave`.
    ///
    /// - Parameter name: `default` and an empty name are the network `bridge`.
    func enterStepNetwork(_ name: String) async throws(EngineError) -> StepNetwork {
        let record = try requireNetwork(Self.canonical(name))
        guard record.spec.driver == "bridge" else {
            throw EngineError(.invalid, "a build cannot use network \(record.spec.name)")
        }
        let endpoint = try newEndpoint(in: record, EndpointSpec())
        presences[record.id, default: NetworkPresence()].steps.insert(endpoint.endpointID)
        do {
            try await realise(record)
            let backend = network
            let namespace = try await blocking {
                let namespace = try HeldNamespace()
                try backend.attach(
                    namespace: namespace.path, networkID: record.id, endpoint: endpoint, interface: "eth0",
                    isDefaultRoute: true)
                return namespace
            }
            let resolver = EtcFiles.resolver(
                host: SmallFile.text("/etc/resolv.conf") ?? "",
                server: backend.nameServer(networkID: record.id), networking: ContainerNetworking())
            return StepNetwork(namespace: namespace, endpoint: endpoint, resolver: resolver)
        } catch {
            await leave(endpoint)
            throw error
        }
    }

    func leave(_ endpoint: Endpoint) async {
        let backend = network
        do {
            try await blocking { try backend.detach(networkID: endpoint.networkID, endpoint: endpoint) }
        } catch {
            log.warning("cannot disconnect a build's step: \(error)")
        }
        addresses.release(endpoint.endpointID, in: endpoint.networkID)
        presences[endpoint.networkID]?.steps.remove(endpoint.endpointID)
        retireLater(endpoint.networkID)
    }
}
