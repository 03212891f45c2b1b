import KernelNetwork
import Model
import Store

// A network whose process was killed has lost its names and published ports; without root its frames as well, as the
// namespace of its bridge went with the process. All of it is known here, and made again.
extension Engine {
    /// Between the end of a process and the next one: what ends at once must not be started without a pause.
    private static let breath = Duration.milliseconds(200)

    /// Sees to it that a network lives on when its process ends.
    func watchOver(_ networkID: String) {
        guard !isShuttingDown, isRealised(networkID) else { return }
        presences[networkID]?.watch?.cancel()
        presences[networkID]?.watch = Task { await awaitEnd(of: networkID) }
    }

    private func awaitEnd(of networkID: String) async {
        let (backend, loop) = (network, watcher.loop)
        guard let pid = try? await blocking({ try backend.process(networkID: networkID) }),
            let watch = try? ProcessWatch(pid, loop: loop)
        else { return }
        await withTaskCancellationHandler {
            await watch.end()
        } onCancel: {
            watch.abandon()
        }
        guard !Task.isCancelled, (try? await Task.sleep(for: Self.breath)) != nil else { return }
        await revive(networkID)
    }

    private func revive(_ networkID: String) async {
        guard let record = networks[networkID], isRealised(networkID) else { return }
        do {
            try await exclusively("network/\(record.spec.name)") { () async throws(EngineError) in
                guard !isShuttingDown, isRealised(networkID) else { return }
                log.warning("the process of network \(record.spec.name) has ended: it is started again")
                let backend = network
                let failures = try await blocking { backend.restore([record]) }
                if let (_, error) = failures.first { throw EngineError(error) }
                if configuration.isRootless { try await plugInAgain(networkID) }
            }
            try await updateNames(networkID)
        } catch {
            log.error("network \(record.spec.name) cannot be brought back: \(error)")
        }
        watchOver(networkID)
    }

    /// Interfaces end with the namespace that their other ends are in.
    private func plugInAgain(_ networkID: String) async throws(EngineError) {
        let backend = network
        for entry in instances.values where entry.isRunning {
            let gateway = entry.attached.firstIndex { networks[$0.networkID]?.spec.isInternal != true } ?? 0
            for (index, endpoint) in entry.attached.enumerated() where endpoint.networkID == networkID {
                let number = entry.interfaces[endpoint.endpointID] ?? index
                let pid = entry.instance.processID
                try await blocking {
                    try backend.attach(
                        pid: pid, networkID: networkID, endpoint: endpoint, interface: "eth\(number)",
                        isDefaultRoute: index == gateway)
                }
            }
        }
    }
}
