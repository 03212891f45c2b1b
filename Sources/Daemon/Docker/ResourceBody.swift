import Model

/// The limits in `HostConfig`, which `POST /containers/{id}/update` has at the top of its body.
enum ResourceBody {
    static func resources(_ host: JSON) throws(APIError) -> ContainerResources {
        var resources = ContainerResources()
        try readMemory(host, into: &resources)
        try readProcessors(host, into: &resources)
        try readBlocks(host, into: &resources)
        let processes = try host.integer("PidsLimit") ?? 0
        resources.processes = processes > 0 ? processes : nil
        return resources
    }

    private static func readMemory(_ host: JSON, into resources: inout ContainerResources) throws(APIError) {
        resources.memory = try host.nonZero("Memory")
        resources.memorySwap = try host.nonZero("MemorySwap")
        resources.memoryReservation = try host.nonZero("MemoryReservation")
        let swappiness = try host.integer("MemorySwappiness") ?? -1
        resources.memorySwappiness = swappiness >= 0 ? swappiness : nil
        resources.disablesOutOfMemoryKiller = try host.bool("OomKillDisable")
    }

    private static func readProcessors(
        _ host: JSON, into resources: inout ContainerResources
    ) throws(APIError) {
        resources.nanoCPUs = try host.nonZero("NanoCpus")
        resources.cpuShares = try host.nonZero("CpuShares")
        resources.cpuPeriod = try host.nonZero("CpuPeriod")
        resources.cpuQuota = try host.nonZero("CpuQuota")
        resources.cpuRealtimePeriod = try host.nonZero("CpuRealtimePeriod")
        resources.cpuRealtimeRuntime = try host.nonZero("CpuRealtimeRuntime")
        resources.cpusetCPUs = try host.string("CpusetCpus")
        resources.cpusetMemoryNodes = try host.string("CpusetMems")
        guard resources.nanoCPUs == nil || (resources.cpuPeriod == nil && resources.cpuQuota == nil) else {
            throw APIError(
                .badRequest,
                "Conflicting options: Nano CPUs and CPU Period or Quota cannot both be set")
        }
    }

    private static func readBlocks(_ host: JSON, into resources: inout ContainerResources) throws(APIError) {
        if let weight = try host.nonZero("BlkioWeight") {
            guard (10...1000).contains(weight) else {
                throw APIError(.badRequest, "Range of blkio weight is from 10 to 1000")
            }
            resources.blockWeight = UInt16(weight)
        }
        resources.blockWeightDevices = try rates(host, "BlkioWeightDevice", "Weight")
        resources.readBytesPerSecond = try rates(host, "BlkioDeviceReadBps", "Rate")
        resources.writeBytesPerSecond = try rates(host, "BlkioDeviceWriteBps", "Rate")
        resources.readOperationsPerSecond = try rates(host, "BlkioDeviceReadIOps", "Rate")
        resources.writeOperationsPerSecond = try rates(host, "BlkioDeviceWriteIOps", "Rate")
    }

    private static func rates(_ host: JSON, _ name: String, _ key: String) throws(APIError) -> [DeviceRate] {
        var rates: [DeviceRate] = []
        for element in try host.elements(name) {
            guard let path = try element.string("Path"),
                let rate = UInt64(exactly: try element.integer(key) ?? 0)
            else { throw APIError(.badRequest, "an entry of \(name) has no Path or a negative \(key)") }
            rates.append(DeviceRate(path: path, rate: rate))
        }
        return rates
    }

    /// The same fields as inspection shows them.
    static func json(_ resources: ContainerResources) -> JSON {
        let memory: JSON = [
            "CpuShares": .int(resources.cpuShares ?? 0), "Memory": .int(resources.memory ?? 0),
            "NanoCpus": .int(resources.nanoCPUs ?? 0),
            "BlkioWeight": .int(resources.blockWeight ?? 0),
            "BlkioWeightDevice": json(resources.blockWeightDevices, "Weight"),
            "BlkioDeviceReadBps": json(resources.readBytesPerSecond, "Rate"),
            "BlkioDeviceWriteBps": json(resources.writeBytesPerSecond, "Rate"),
            "BlkioDeviceReadIOps": json(resources.readOperationsPerSecond, "Rate"),
            "BlkioDeviceWriteIOps": json(resources.writeOperationsPerSecond, "Rate"),
        ]
        return memory.adding([
            "CpuPeriod": .int(resources.cpuPeriod ?? 0), "CpuQuota": .int(resources.cpuQuota ?? 0),
            "CpuRealtimePeriod": .int(resources.cpuRealtimePeriod ?? 0),
            "CpuRealtimeRuntime": .int(resources.cpuRealtimeRuntime ?? 0),
            "CpusetCpus": .string(resources.cpusetCPUs ?? ""),
            "CpusetMems": .string(resources.cpusetMemoryNodes ?? ""),
            "MemoryReservation": .int(resources.memoryReservation ?? 0),
            "MemorySwap": .int(resources.memorySwap ?? 0),
            "MemorySwappiness": .optionalInt(resources.memorySwappiness),
            "OomKillDisable": .bool(resources.disablesOutOfMemoryKiller),
            "PidsLimit": .optionalInt(resources.processes),
        ])
    }

    private static func json(_ rates: [DeviceRate], _ key: String) -> JSON {
        guard !rates.isEmpty else { return .null }
        return .array(rates.map { ["Path": .string($0.path), key: .int($0.rate)] })
    }
}
