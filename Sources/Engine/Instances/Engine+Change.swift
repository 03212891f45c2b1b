import Containers
import Glibc
import Model
import Store

extension Engine {
    package func rename(_ name: String, to newName: String) async throws(EngineError) {
        let plain = newName.hasPrefix("/") ? String(newName.dropFirst()) : newName
        try ObjectName.check(plain, what: "container")
        let entry = try entry(name)
        try await exclusively(entry.key) { () async throws(EngineError) in
            let old = entry.instance.name
            guard plain != old else {
                throw EngineError(.invalid, "Renaming a container with the same name as its current name")
            }
            if let owner = names[plain] {
                throw EngineError(
                    .conflict,
                    "Conflict. The container name \"/\(plain)\" is already in use by container \"\(owner)\".")
            }
            names[plain] = entry.id
            entry.instance.name = plain
            do throws(EngineError) {
                try await commit([.put(entry.instance)], [event(entry, "rename", ["oldName": "/\(old)"])])
            } catch {
                names[plain] = nil
                entry.instance.name = old
                throw error
            }
            names[old] = nil
            await renameEndpoints(entry, from: old)
        }
    }

    private func renameEndpoints(_ entry: Entry, from old: String) async {
        for index in entry.attached.indices {
            let names = entry.attached[index].names.map { $0 == old ? entry.instance.name : $0 }
            entry.attached[index].names = names
            do {
                try await updateNames(entry.attached[index].networkID)
            } catch {
                log.warning("the name \(entry.instance.name) is not known to its networks: \(error)")
            }
        }
    }

    /// Changes limits, while it runs as well, and the restart policy. What is `nil` stays.
    ///
    /// - Returns: warnings.
    package func update(
        _ name: String, resources: ContainerResources?, restart: RestartPolicy?
    ) async throws(EngineError) -> [String] {
        let entry = try entry(name)
        return try await exclusively(entry.key) { () async throws(EngineError) in
            guard var spec = entry.container else {
                throw EngineError(.unsupported, "a machine's limits cannot be changed")
            }
            if let restart {
                guard !spec.removesItself || restart.kind == .no else {
                    throw EngineError(
                        .conflict,
                        "Restart policy cannot be updated because AutoRemove is enabled for the container")
                }
                spec.restart = restart
            }
            if let resources { spec.resources = Self.merge(spec.resources, resources) }
            let warnings = try Validation.check(spec)
            if resources != nil, entry.isRunning, let runner = entry.runner as? ContainerRunner {
                try await apply(spec.resources, runner, layout.folder(entry.id))
            }
            entry.container = spec
            try await commit([.put(entry.instance)], [event(entry, "update")])
            return warnings
        }
    }

    private func apply(
        _ resources: ContainerResources, _ runner: ContainerRunner, _ folder: InstanceFolder
    ) async throws(EngineError) {
        let path = "\(folder.run)/update.json"
        try await blocking {
            try SmallFile.write(path, try RuntimeJSON.encode(ResourceTranslation.runtime(resources)))
        }
        defer { unlink(path) }
        try await runner.update(resources: path)
    }

    /// Zero and `nil` both mean that a limit was not named.
    private static func merge(_ old: ContainerResources, _ new: ContainerResources) -> ContainerResources {
        var result = old
        func take<Value: Equatable & ExpressibleByIntegerLiteral>(
            _ path: WritableKeyPath<ContainerResources, Value?>
        ) {
            if let value = new[keyPath: path], value != 0 { result[keyPath: path] = value }
        }
        take(\.memory)
        take(\.memorySwap)
        take(\.memoryReservation)
        take(\.cpuShares)
        take(\.cpuPeriod)
        take(\.cpuQuota)
        take(\.nanoCPUs)
        take(\.cpuRealtimePeriod)
        take(\.cpuRealtimeRuntime)
        take(\.processes)
        take(\.blockWeight)
        if let list = new.cpusetCPUs, !list.isEmpty { result.cpusetCPUs = list }
        if let list = new.cpusetMemoryNodes, !list.isEmpty { result.cpusetMemoryNodes = list }
        // More memory than memory and swap together would be refused: the pair is changed together.
        if let memory = new.memory, memory != 0, new.memorySwap ?? 0 == 0, let swap = old.memorySwap,
            swap > 0,
            swap < memory
        {
            result.memorySwap = nil
        }
        return result
    }
}
