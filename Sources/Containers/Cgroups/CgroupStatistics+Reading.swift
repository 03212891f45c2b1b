import Host

extension CgroupStatistics {
    /// Reads the statistics of container `id` of the runtime whose state is in `root`.
    ///
    /// - Throws: `.notFound` when there is no such container.
    package static func read(id: String, root: String) throws(ContainerError) -> CgroupStatistics {
        let state = try ContainerState.read(id: id, layout: RuntimeLayout(root: root))
        return read(folders: state.cgroupPaths)
    }

    /// Reads what the folders have; what is missing stays 0.
    ///
    /// - Parameter folders: of each controller of v1, and `""` for v2.
    package static func read(folders: [String: String]) -> CgroupStatistics {
        var result = CgroupStatistics()
        for (controller, folder) in folders {
            switch controller {
            case "cpuacct": result.readUsage(v1: folder)
            case "cpu": result.readThrottling(folder, unit: 1, period: "throttled_time")
            case "memory": result.readMemory(v1: folder)
            case "blkio": result.readDevices(v1: folder)
            case "pids": result.readProcesses(folder)
            case "": result.read(v2: folder)
            default: break
            }
        }
        return result
    }

    private mutating func readUsage(v1 folder: String) {
        cpu.total = CgroupFile.number(folder, "cpuacct.usage") ?? cpu.total
        cpu.user = CgroupFile.number(folder, "cpuacct.usage_user") ?? cpu.user
        cpu.system = CgroupFile.number(folder, "cpuacct.usage_sys") ?? cpu.system
        cpu.perProcessor =
            CgroupFile.text(folder, "cpuacct.usage_percpu")?.split(separator: " ").compactMap { UInt64($0) }
            ?? []
    }

    private mutating func readThrottling(_ folder: String, unit: UInt64, period: String) {
        let values = CgroupFile.pairs(folder, "cpu.stat")
        cpu.periods = values["nr_periods"] ?? cpu.periods
        cpu.throttledPeriods = values["nr_throttled"] ?? cpu.throttledPeriods
        cpu.throttledTime = values[period].map { $0 &* unit } ?? cpu.throttledTime
    }

    private mutating func readMemory(v1 folder: String) {
        memory.usage = CgroupFile.number(folder, "memory.usage_in_bytes") ?? 0
        memory.maximumUsage = CgroupFile.number(folder, "memory.max_usage_in_bytes") ?? 0
        memory.limit = CgroupFile.number(folder, "memory.limit_in_bytes") ?? .max
        memory.failures = CgroupFile.number(folder, "memory.failcnt") ?? 0
        memory.swapUsage = CgroupFile.number(folder, "memory.memsw.usage_in_bytes") ?? 0
        memory.swapLimit = CgroupFile.number(folder, "memory.memsw.limit_in_bytes") ?? .max
        memory.details = CgroupFile.pairs(folder, "memory.stat")
        memory.outOfMemoryKills = CgroupFile.pairs(folder, "memory.oom_control")["oom_kill"] ?? 0
    }

    private mutating func readDevices(v1 folder: String) {
        let sources = [
            ("blkio.throttle.io_service_bytes", \Device.readBytes, \Device.writtenBytes),
            ("blkio.throttle.io_serviced", \Device.reads, \Device.writes),
        ]
        for (name, reading, writing) in sources {
            for line in CgroupFile.lines(folder, name) {
                let words = line.split(separator: " ")
                guard words.count == 3, let value = UInt64(words[2]) else { continue }
                if words[1] == "Read" { update(words[0]) { $0[keyPath: reading] = value } }
                if words[1] == "Write" { update(words[0]) { $0[keyPath: writing] = value } }
            }
        }
    }

    private mutating func readProcesses(_ folder: String) {
        processes = CgroupFile.number(folder, "pids.current") ?? processes
        processLimit = CgroupFile.number(folder, "pids.max") ?? processLimit
    }

    private mutating func update(_ number: Substring, _ change: (inout Device) -> Void) {
        let parts = number.split(separator: ":").compactMap { UInt64($0) }
        guard parts.count == 2 else { return }
        let position = devices.firstIndex { $0.major == parts[0] && $0.minor == parts[1] } ?? devices.endIndex
        if position == devices.endIndex { devices.append(Device(major: parts[0], minor: parts[1])) }
        change(&devices[position])
    }

    /// Only files that a v2 group has: beside v1 controllers it has hardly any.
    private mutating func read(v2 folder: String) {
        let usage = CgroupFile.pairs(folder, "cpu.stat")
        if cpu.total == 0, let total = usage["usage_usec"] {
            cpu.total = total &* 1000
            cpu.user = (usage["user_usec"] ?? 0) &* 1000
            cpu.system = (usage["system_usec"] ?? 0) &* 1000
        }
        readThrottling(folder, unit: 1000, period: "throttled_usec")
        if let current = CgroupFile.number(folder, "memory.current") {
            readMemory(v2: folder, usage: current)
        }
        readProcesses(folder)
        for line in CgroupFile.lines(folder, "io.stat") { readDevice(v2: line) }
    }

    private mutating func readMemory(v2 folder: String, usage: UInt64) {
        memory.usage = usage
        memory.maximumUsage = CgroupFile.number(folder, "memory.peak") ?? 0
        memory.limit = CgroupFile.number(folder, "memory.max") ?? .max
        memory.swapUsage = CgroupFile.number(folder, "memory.swap.current") ?? 0
        memory.swapLimit = CgroupFile.number(folder, "memory.swap.max") ?? .max
        memory.details = CgroupFile.pairs(folder, "memory.stat")
        let events = CgroupFile.pairs(folder, "memory.events")
        memory.failures = events["max"] ?? 0
        memory.outOfMemoryKills = events["oom_kill"] ?? 0
    }

    private mutating func readDevice(v2 line: Substring) {
        let words = line.split(separator: " ")
        guard let number = words.first else { return }
        for word in words.dropFirst() {
            let parts = word.split(separator: "=")
            guard parts.count == 2, let value = UInt64(parts[1]) else { continue }
            switch parts[0] {
            case "rbytes": update(number) { $0.readBytes = value }
            case "wbytes": update(number) { $0.writtenBytes = value }
            case "rios": update(number) { $0.reads = value }
            case "wios": update(number) { $0.writes = value }
            default: break
            }
        }
    }
}
