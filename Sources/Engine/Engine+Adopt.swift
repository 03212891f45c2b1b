import Containers
import Glibc
import Host
import Images
import KernelNetwork
import Model
import Store

// What an earlier daemon has left: records in the store, containers that go on running, halves of things.
extension Engine {
    func adopt() async throws(EngineError) {
        let store = store
        let records = try await blocking { try store.records() }
        journal = EventJournal(last: records.lastEvent)
        for volume in records.volumes { volumes[volume.name] = volume }
        for snapshot in records.snapshots { snapshots[snapshot.volume, default: []].append(snapshot) }
        for instance in records.instances {
            instances[instance.id] = Entry(instance)
            names[instance.name] = instance.id
            await hold(instance)
        }
        for network in records.networks { networks[network.id] = network }
        try await makePredefinedNetworks()
        await sweep()
        for entry in instances.values { await adopt(entry) }
        await adoptNetworks()
        for entry in instances.values where entry.runner != nil {
            follow(entry)
            beginHealthChecks(entry)
        }
        startAgain()
    }

    private func hold(_ instance: Instance) async {
        // An image that is gone is reported when the container is started.
        for id in instance.imagesInUse { try? await images.hold(id, by: instance.id.text) }
    }

    private func makePredefinedNetworks() async throws(EngineError) {
        let drivers = ["bridge": "bridge", "host": "host", "none": "null"]
        var changes: [Change] = []
        for (name, driver) in drivers.sorted(by: { $0.key < $1.key }) where network(named: name) == nil {
            var spec = NetworkSpec(name: name)
            spec.driver = driver
            var record = NetworkRecord(id: InstanceID.random().text, spec: spec, created: Clock.seconds)
            if driver == "bridge" {
                let taken = try await blocking { NetworkBackend.hostPrefixes() }
                do {
                    var pool = AddressPool()
                    _ = pool.restore(networks.values.filter { $0.spec.driver == "bridge" }, [])
                    record.spec.pools = try pool.addNetwork(record.id, spec, hostPrefixes: taken)
                } catch {
                    throw EngineError(error)
                }
            }
            networks[record.id] = record
            changes.append(.putNetwork(record))
        }
        if !changes.isEmpty { try await commit(changes) }
    }

    /// Removes files that no record knows: what was being made or removed when the last daemon ended.
    private func sweep() async {
        let known = Set(instances.keys.map(\.text))
        let knownRuns = Set(instances.keys.map(EngineLayout.runName))
        let knownVolumes = Set(volumes.keys)
        let (layout, runtime) = (layout, runtime)
        let root = layout.runtimeRoot
        try? await blocking {
            for id in Folder.names(in: root) where !known.contains(id) {
                try? runtime.run(["delete", "--force", id])
            }
            for name in Folder.names(in: "\(layout.data)/containers") where !known.contains(name) {
                FileTree.remove("\(layout.data)/containers/\(name)")
            }
            for name in Folder.names(in: "\(layout.run)/containers") where !knownRuns.contains(name) {
                FileTree.remove("\(layout.run)/containers/\(name)")
            }
            for name in Folder.names(in: "\(layout.data)/volumes") where !knownVolumes.contains(name) {
                FileTree.remove(layout.volume(name))
            }
            for name in knownVolumes {
                for part in ["_copy", "_data.restored", "_data.old", "_data.copy"] {
                    FileTree.remove("\(layout.volume(name))/\(part)")
                }
            }
        }
    }

    /// Takes over one instance: running still, ended meanwhile, or caught in the middle of its start.
    private func adopt(_ entry: Entry) async {
        guard entry.container != nil else { return await adoptMachine(entry) }
        let wasRunning = entry.isRunning
        if entry.instance.state == .removing { entry.instance.state = .exited }
        if wasRunning, let runner = await reconnect(entry) {
            entry.runner = runner
            entry.attached = entry.instance.endpoints.values.filter { !$0.endpointID.isEmpty }
                .sorted { $0.networkID < $1.networkID }
            entry.run += 1
            return
        }
        guard wasRunning || entry.instance.state == .restarting || hasTrace(entry) else { return }
        await clearTraces(entry)
        guard wasRunning else { return }
        let record =
            ExitFile.read(layout.folder(entry.id).exitFile)
            ?? ExitRecord(exitCode: 255, finished: entry.instance.started ?? Clock.seconds)
        await settleMeanwhile(entry, record)
    }

    private func hasTrace(_ entry: Entry) -> Bool { Folder.exists(layout.runtime.folder(of: entry.id.text)) }

    private func reconnect(_ entry: Entry) async -> ContainerRunner? {
        let (id, pid, folder, runtime) = (
            entry.id, entry.instance.processID, layout.folder(entry.id), runtime
        )
        return try? await blocking {
            try ContainerRunner(id, processID: pid, folder: folder, runtime: runtime)
        }
    }

    /// Also ends what was created but never let go.
    private func clearTraces(_ entry: Entry) async {
        let (id, runtime, network) = (entry.id.text, runtime, network)
        let endpoints = entry.instance.endpoints.values.filter { !$0.endpointID.isEmpty }
        try? await blocking {
            try? runtime.run(["delete", "--force", id])
            for endpoint in endpoints {
                try? network.detach(networkID: endpoint.networkID, endpoint: endpoint)
            }
        }
    }

    /// It ended while nobody looked.
    func settleMeanwhile(_ entry: Entry, _ record: ExitRecord) async {
        let ran = max(record.finished - (entry.instance.started ?? record.finished), 0)
        settle(entry, record)
        entry.instance.ports = []
        for (name, endpoint) in entry.instance.endpoints {
            entry.instance.endpoints[name] = Endpoint(networkID: endpoint.networkID, endpointID: "")
        }
        let pause = entry.backOff.next(
            after: record.exitCode, ran: ran, policy: entry.restartPolicy,
            restarts: entry.instance.restartCount, wasStoppedByUser: entry.instance.wasStoppedByUser)
        entry.instance.state = pause == nil ? .exited : .restarting
        await commitAnyway([.put(entry.instance)], [event(entry, "die", ["exitCode": "\(record.exitCode)"])])
    }

    private func adoptNetworks() async {
        let bridges = networks.values.filter { $0.spec.driver == "bridge" }
        let endpoints = instances.values.flatMap(\.attached)
        for (record, error) in addresses.restore(bridges, endpoints) {
            log.warning("network \(record.spec.name) cannot be used: \(error)")
        }
        let needed = Set(endpoints.map(\.networkID))
        let (network, restored) = (network, bridges.filter { needed.contains($0.id) })
        await retireLeftovers(bridges.filter { !needed.contains($0.id) })
        guard !restored.isEmpty else { return }
        let failures = (try? await blocking { network.restore(restored) }) ?? []
        for (record, error) in failures { log.warning("network \(record.spec.name): \(error)") }
        let failed = Set(failures.map { $0.0.id })
        for record in restored where !failed.contains(record.id) {
            presences[record.id, default: NetworkPresence()].isRealised = true
        }
        for id in needed {
            try? await updateNames(id)
            watchOver(id)
        }
    }

    /// Restart policies, and removals that were promised.
    private func startAgain() {
        for entry in instances.values where entry.runner == nil {
            let wantsStart =
                entry.instance.state == .restarting
                || (entry.instance.state == .exited
                    && RestartBackOff.wantsStart(entry.instance, policy: entry.restartPolicy))
            if wantsStart {
                Task {
                    do {
                        try await exclusively(entry.key) { () async throws(EngineError) in
                            guard entry.runner == nil else { return }
                            try await begin(entry)
                        }
                    } catch {
                        log.warning("\(entry.instance.name) could not be started: \(error)")
                    }
                }
            } else if entry.removesItself, entry.instance.state == .exited {
                removeLater(entry)
            }
        }
    }
}
