import Containers
import Model

/// Limits as people ask for them, in the runtime's terms.
enum ResourceTranslation {
    /// Microseconds; the kernel's own default.
    private static let period: UInt64 = 100_000

    static func runtime(_ wanted: ContainerResources) -> RuntimeSpec.Resources {
        var result = RuntimeSpec.Resources()
        result.memory = memory(wanted)
        result.cpu = processor(wanted)
        if let processes = wanted.processes, processes != 0 {
            result.pids = RuntimeSpec.PIDs(limit: processes)
        }
        result.blockIO = blocks(wanted)
        return result
    }

    private static func memory(_ wanted: ContainerResources) -> RuntimeSpec.Memory? {
        var memory = RuntimeSpec.Memory()
        memory.limit = wanted.memory.flatMap { $0 == 0 ? nil : $0 }
        memory.reservation = wanted.memoryReservation.flatMap { $0 == 0 ? nil : $0 }
        memory.swap = wanted.memorySwap.flatMap { $0 == 0 ? nil : $0 }
        if memory.swap == nil, let limit = memory.limit {
            let (doubled, overflow) = limit.multipliedReportingOverflow(by: 2)
            memory.swap = overflow ? -1 : doubled
        }
        memory.swappiness = wanted.memorySwappiness.flatMap { UInt64(exactly: $0) }
        memory.disableOOMKiller = wanted.disablesOutOfMemoryKiller ? true : nil
        return memory == RuntimeSpec.Memory() ? nil : memory
    }

    private static func processor(_ wanted: ContainerResources) -> RuntimeSpec.CPU? {
        var cpu = RuntimeSpec.CPU()
        cpu.shares = positive(wanted.cpuShares)
        cpu.period = positive(wanted.cpuPeriod)
        cpu.quota = wanted.cpuQuota.flatMap { $0 == 0 ? nil : $0 }
        if let nano = wanted.nanoCPUs, nano > 0 {
            cpu.period = period
            cpu.quota = max(nano / 10_000, 1000)
        }
        cpu.realtimePeriod = positive(wanted.cpuRealtimePeriod)
        cpu.realtimeRuntime = wanted.cpuRealtimeRuntime.flatMap { $0 == 0 ? nil : $0 }
        cpu.cpus = wanted.cpusetCPUs.flatMap { $0.isEmpty ? nil : $0 }
        cpu.mems = wanted.cpusetMemoryNodes.flatMap { $0.isEmpty ? nil : $0 }
        return cpu == RuntimeSpec.CPU() ? nil : cpu
    }

    private static func positive(_ value: Int64?) -> UInt64? {
        value.flatMap { UInt64(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 }
    }

    private static func blocks(_ wanted: ContainerResources) -> RuntimeSpec.BlockIO? {
        var io = RuntimeSpec.BlockIO()
        io.weight = wanted.blockWeight.flatMap { $0 == 0 ? nil : $0 }
        io.weightDevice = list(wanted.blockWeightDevices) { device, weight in
            RuntimeSpec.WeightDevice(
                major: device.major, minor: device.minor, weight: UInt16(clamping: weight))
        }
        io.throttleReadBpsDevice = throttles(wanted.readBytesPerSecond)
        io.throttleWriteBpsDevice = throttles(wanted.writeBytesPerSecond)
        io.throttleReadIOPSDevice = throttles(wanted.readOperationsPerSecond)
        io.throttleWriteIOPSDevice = throttles(wanted.writeOperationsPerSecond)
        return io == RuntimeSpec.BlockIO() ? nil : io
    }

    private static func throttles(_ rates: [DeviceRate]) -> [RuntimeSpec.ThrottleDevice]? {
        list(rates) { RuntimeSpec.ThrottleDevice(major: $0.major, minor: $0.minor, rate: $1) }
    }

    /// A path that is no device any more is left out; `Validation` has refused one that never was.
    private static func list<Item>(
        _ rates: [DeviceRate], _ make: ((major: Int64, minor: Int64), UInt64) -> Item
    ) -> [Item]? {
        let items = rates.compactMap { rate in
            HostDevice.number(of: rate.path).map { make($0, rate.rate) }
        }
        return items.isEmpty ? nil : items
    }
}
