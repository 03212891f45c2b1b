import Glibc
import Host

/// A file of a control group and what is written into it.
struct CgroupSetting: Equatable {
    /// Of v1; `""` is v2.
    var controller: String
    var file: String
    var value: String

    init(_ controller: String, _ file: String, _ value: some CustomStringConvertible) {
        self.controller = controller
        self.file = file
        self.value = "\(value)"
    }
}

/// Turns limits into settings, in the order in which the kernel takes them.
enum CgroupLimits {
    /// - Throws: `.invalid` for values that make no sense.
    static func settings(_ resources: RuntimeSpec.Resources, isUnified: Bool) throws(ContainerError)
        -> [CgroupSetting]
    {
        guard isUnified || resources.unified?.isEmpty ?? true else {
            throw ContainerError(
                .invalid, "invalid configuration: linux.resources.unified needs control groups of v2 only")
        }
        return isUnified ? try unified(resources) : try separate(resources)
    }

    /// Writes the settings into a container's groups.
    ///
    /// - Throws: `.refusedByHost` when a controller is missing or the kernel does not take a value.
    static func apply(_ settings: [CgroupSetting], to cgroup: ContainerCgroup) throws(ContainerError) {
        var late: [CgroupSetting] = []
        for setting in inOrder(settings, of: cgroup) {
            guard let folder = cgroup.folders[setting.controller] else {
                throw ContainerError(
                    .refusedByHost,
                    "cannot set \(setting.file): this user or host has no control group for it")
            }
            do { try CgroupFile.write("\(folder)/\(file(of: setting, in: folder))", setting.value) } catch {
                // With a limit above it, a shorter period is taken only after the smaller quota.
                guard error.code == EINVAL, setting.file == "cpu.cfs_period_us", settings.count > 1 else {
                    throw ContainerError(.refusedByHost, refusal(of: setting, in: folder, error))
                }
                late.append(setting)
            }
        }
        if !late.isEmpty { try apply(late, to: cgroup) }
    }

    /// A group of v2 lacks the files of controllers that were not handed down to it.
    private static func refusal(
        of setting: CgroupSetting, in folder: String, _ error: SystemError
    ) -> String {
        guard error.code == ENOENT, setting.controller.isEmpty else { return error.description }
        let controller = setting.file.prefix { $0 != "." }
        return "cannot set \(setting.file): the control group \(folder) was not given the controller "
            + "\(controller): \(error)"
    }

    /// memory.limit of v1 may never be above memsw: where it would rise above the present one, that goes first.
    private static func inOrder(_ settings: [CgroupSetting], of cgroup: ContainerCgroup) -> [CgroupSetting] {
        let (limit, both) = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        guard let folder = cgroup.folders["memory"],
            let low = settings.firstIndex(where: { $0.file == limit }),
            let high = settings.firstIndex(where: { $0.file == both }), high > low,
            let wanted = UInt64(settings[low].value), let present = CgroupFile.number(folder, both),
            wanted > present
        else { return settings }
        var settings = settings
        settings.insert(settings.remove(at: high), at: low)
        return settings
    }

    /// Kernels without CFQ have weights of v1 under BFQ's name, in all groups but the root.
    private static func file(of setting: CgroupSetting, in folder: String) -> String {
        guard setting.file.hasPrefix("blkio.weight"), access("\(folder)/\(setting.file)", F_OK) != 0 else {
            return setting.file
        }
        return "blkio.bfq." + setting.file.dropFirst(6)
    }

    // MARK: v1

    static func separate(_ resources: RuntimeSpec.Resources) throws(ContainerError) -> [CgroupSetting] {
        var settings: [CgroupSetting] = []
        func add(_ controller: String, _ file: String, _ value: (some CustomStringConvertible)?) {
            if let value { settings.append(CgroupSetting(controller, file, value)) }
        }
        if let memory = resources.memory { settings += separate(memory) }
        if let cpu = resources.cpu {
            add("cpu", "cpu.shares", cpu.shares.flatMap { $0 == 0 ? nil : $0 })
            add("cpu", "cpu.cfs_period_us", cpu.period.flatMap { $0 == 0 ? nil : $0 })
            add("cpu", "cpu.cfs_quota_us", cpu.quota.flatMap { $0 == 0 ? nil : $0 })
            add("cpu", "cpu.cfs_burst_us", cpu.burst)
            add("cpu", "cpu.rt_period_us", cpu.realtimePeriod.flatMap { $0 == 0 ? nil : $0 })
            add("cpu", "cpu.rt_runtime_us", cpu.realtimeRuntime.flatMap { $0 == 0 ? nil : $0 })
            add("cpu", "cpu.idle", cpu.idle)
            add("cpuset", "cpuset.cpus", cpu.cpus.flatMap { $0.isEmpty ? nil : $0 })
            add("cpuset", "cpuset.mems", cpu.mems.flatMap { $0.isEmpty ? nil : $0 })
        }
        if let pids = resources.pids, pids.limit != 0 {
            add("pids", "pids.max", pids.limit > 0 ? String(pids.limit) : "max")
        }
        if let io = resources.blockIO { settings += separate(io) }
        for limit in resources.hugepageLimits ?? [] {
            add("hugetlb", "hugetlb.\(limit.pageSize).limit_in_bytes", limit.limit)
        }
        add("net_cls", "net_cls.classid", resources.network?.classID)
        for priority in resources.network?.priorities ?? [] {
            add("net_prio", "net_prio.ifpriomap", "\(priority.name) \(priority.priority)")
        }
        return settings
    }

    private static func separate(_ memory: RuntimeSpec.Memory) -> [CgroupSetting] {
        var settings: [CgroupSetting] = []
        func add(_ file: String, _ value: Int64?) {
            if let value, value != 0 { settings.append(CgroupSetting("memory", "memory.\(file)", value)) }
        }
        // memory.limit may never be above memsw: lifting both begins with memsw, lowering both ends with it.
        let lifts = memory.swap == -1 || memory.limit == -1
        if lifts { add("memsw.limit_in_bytes", memory.limit == -1 ? memory.swap ?? -1 : memory.swap) }
        add("limit_in_bytes", memory.limit)
        if !lifts { add("memsw.limit_in_bytes", memory.swap) }
        add("soft_limit_in_bytes", memory.reservation)
        add("kmem.tcp.limit_in_bytes", memory.kernelTCP)
        if let swappiness = memory.swappiness, swappiness <= 100 {
            settings.append(CgroupSetting("memory", "memory.swappiness", swappiness))
        }
        if memory.disableOOMKiller ?? false {
            settings.append(CgroupSetting("memory", "memory.oom_control", 1))
        }
        return settings
    }

    private static func separate(_ io: RuntimeSpec.BlockIO) -> [CgroupSetting] {
        var settings: [CgroupSetting] = []
        if let weight = io.weight, weight != 0 {
            settings.append(CgroupSetting("blkio", "blkio.weight", weight))
        }
        for device in io.weightDevice ?? [] {
            guard let weight = device.weight else { continue }
            settings.append(
                CgroupSetting("blkio", "blkio.weight_device", "\(device.major):\(device.minor) \(weight)"))
        }
        let throttles = [
            ("read_bps", io.throttleReadBpsDevice), ("write_bps", io.throttleWriteBpsDevice),
            ("read_iops", io.throttleReadIOPSDevice), ("write_iops", io.throttleWriteIOPSDevice),
        ]
        for (name, devices) in throttles {
            for device in devices ?? [] {
                let value = "\(device.major):\(device.minor) \(device.rate)"
                settings.append(CgroupSetting("blkio", "blkio.throttle.\(name)_device", value))
            }
        }
        return settings
    }
}
