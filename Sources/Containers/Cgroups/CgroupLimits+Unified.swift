extension CgroupLimits {
    /// Settings of cgroup v2, converted from values of v1 as the specification's other runtimes do.
    static func unified(_ resources: RuntimeSpec.Resources) throws(ContainerError) -> [CgroupSetting] {
        var settings: [CgroupSetting] = []
        func add(_ file: String, _ value: (some CustomStringConvertible)?) {
            if let value { settings.append(CgroupSetting("", file, value)) }
        }
        if let memory = resources.memory { settings += try unified(memory) }
        if let cpu = resources.cpu {
            add("cpu.idle", cpu.idle)
            if cpu.idle ?? 0 == 0 {
                add("cpu.weight", cpu.shares.flatMap { $0 == 0 ? nil : weight(shares: $0) })
            }
            if cpu.quota ?? 0 != 0 || cpu.period ?? 0 != 0 { add("cpu.max", maximum(cpu)) }
            add("cpu.max.burst", cpu.burst)
            add("cpuset.cpus", cpu.cpus.flatMap { $0.isEmpty ? nil : $0 })
            add("cpuset.mems", cpu.mems.flatMap { $0.isEmpty ? nil : $0 })
        }
        if let pids = resources.pids, pids.limit != 0 { add("pids.max", limit(pids.limit)) }
        if let io = resources.blockIO { settings += unified(io) }
        for huge in resources.hugepageLimits ?? [] { add("hugetlb.\(huge.pageSize).max", huge.limit) }
        for (file, value) in (resources.unified ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard !file.isEmpty, !file.contains("/") else {
                throw ContainerError(
                    .invalid, "linux.resources.unified: \"\(file)\" must be a file name (no slashes)")
            }
            add(file, value)
        }
        return settings
    }

    /// A weight of 1 to 10000 from shares of 2 to 262144.
    static func weight(shares: UInt64) -> UInt64 {
        let bounded = min(max(shares, 2), 262_144)
        return 1 + (bounded - 2) * 9999 / 262_142
    }

    /// A weight of 1 to 10000 from one of 10 to 1000.
    static func weight(blockIO: UInt16) -> UInt64 {
        1 + (UInt64(min(max(blockIO, 10), 1000)) - 10) * 9999 / 990
    }

    private static func maximum(_ cpu: RuntimeSpec.CPU) -> String {
        let quota = cpu.quota.flatMap { $0 > 0 ? String($0) : nil } ?? "max"
        return "\(quota) \(cpu.period.flatMap { $0 == 0 ? nil : $0 } ?? 100_000)"
    }

    private static func limit(_ value: Int64) -> String { value > 0 ? String(value) : "max" }

    private static func unified(_ memory: RuntimeSpec.Memory) throws(ContainerError) -> [CgroupSetting] {
        var settings: [CgroupSetting] = []
        if let swap = try swap(memory) { settings.append(CgroupSetting("", "memory.swap.max", swap)) }
        if let value = memory.limit, value != 0 {
            settings.append(CgroupSetting("", "memory.max", limit(value)))
        }
        if let value = memory.reservation, value != 0 {
            settings.append(CgroupSetting("", "memory.low", limit(value)))
        }
        return settings
    }

    /// Swap alone: v1 counts memory and swap together.
    private static func swap(_ memory: RuntimeSpec.Memory) throws(ContainerError) -> String? {
        guard let both = memory.swap, both != 0 else { return nil }
        if both < 0 { return "max" }
        guard let limit = memory.limit, limit > 0 else {
            throw ContainerError(.invalid, "linux.resources.memory.swap needs a memory limit")
        }
        guard both >= limit else {
            throw ContainerError(.invalid, "linux.resources.memory.swap must not be below the memory limit")
        }
        return String(both - limit)
    }

    private static func unified(_ io: RuntimeSpec.BlockIO) -> [CgroupSetting] {
        var settings: [CgroupSetting] = []
        if let weight = io.weight, weight != 0 {
            settings.append(CgroupSetting("", "io.weight", "default \(Self.weight(blockIO: weight))"))
        }
        let throttles = [
            ("rbps", io.throttleReadBpsDevice), ("wbps", io.throttleWriteBpsDevice),
            ("riops", io.throttleReadIOPSDevice), ("wiops", io.throttleWriteIOPSDevice),
        ]
        for (name, devices) in throttles {
            for device in devices ?? [] {
                settings.append(
                    CgroupSetting("", "io.max", "\(device.major):\(device.minor) \(name)=\(device.rate)"))
            }
        }
        return settings
    }
}
