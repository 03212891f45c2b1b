import Containers
import Glibc
import KernelNetwork
import Model

extension Engine {
    package func statistics(_ name: String) async throws(EngineError) -> InstanceStatistics {
        let entry = try entry(name)
        var result = InstanceStatistics(id: entry.id, name: entry.instance.name, time: Clock.seconds)
        guard entry.isRunning, entry.container != nil else { return result }
        let (id, root, pid, host) = (entry.id.text, layout.runtimeRoot, entry.instance.processID, host)
        let (used, interfaces, hostTime) = try await blocking {
            (
                try CgroupStatistics.read(id: id, root: root), NetworkBackend.statistics(pid: pid),
                Self.hostProcessorTime()
            )
        }
        result.fill(from: used, host)
        result.cpu.host = hostTime
        result.networks = interfaces.map(InterfaceUse.init)
        return result
    }

    /// Nanoseconds that the host's processors have spent on anything, /proc/stat's first line.
    private static func hostProcessorTime() -> UInt64 {
        let line = SmallFile.text("/proc/stat")?.split(separator: "\n").first ?? ""
        // Guest time is a part of user time already.
        let ticks = line.split(separator: " ").dropFirst().prefix(8).reduce(UInt64(0)) {
            $0 &+ (UInt64($1) ?? 0)
        }
        let perSecond = UInt64(max(sysconf(Int32(_SC_CLK_TCK)), 1))
        return ticks.multipliedReportingOverflow(by: 1_000_000_000 / perSecond).partialValue
    }

    /// One value a second until the instance is removed or the stream is dropped.
    package func statisticsStream(
        _ name: String
    ) async throws(EngineError) -> AsyncThrowingStream<InstanceStatistics, any Error> {
        let id = try entry(name).id.text
        let isFirst = OneShot<Bool>()
        return AsyncThrowingStream { [weak self] in
            if isFirst.isFulfilled { try? await Task.sleep(for: .seconds(1)) }
            isFirst.fulfil(true)
            guard let self, !Task.isCancelled else { return nil }
            return try? await self.statistics(id)
        }
    }

    package func size(_ name: String) async throws(EngineError) -> InstanceSize {
        let entry = try entry(name)
        guard entry.container != nil else { return InstanceSize(written: 0, total: 0) }
        let upper = layout.folder(entry.id).upper
        let written = try await blocking { TreeSize.bytes(below: upper) }
        let image = try? await images.resolve(entry.instance.imageID)
        return InstanceSize(written: written, total: written + (image?.size ?? 0))
    }
}

extension InstanceStatistics {
    mutating func fill(from used: CgroupStatistics, _ host: HostFacts) {
        cpu.total = used.cpu.total
        cpu.user = used.cpu.user
        cpu.system = used.cpu.system
        cpu.onlineCPUs = host.cpus
        cpu.periods = used.cpu.periods
        cpu.throttledPeriods = used.cpu.throttledPeriods
        cpu.throttledTime = used.cpu.throttledTime
        memory.usage = used.memory.usage
        memory.maximum = used.memory.maximumUsage
        memory.limit = min(used.memory.limit, host.memory)
        memory.failures = used.memory.failures
        memory.details = used.memory.details
        processes = Int64(clamping: used.processes)
        processLimit = Int64(clamping: used.processLimit)
        blocks = used.devices.map(BlockUse.init)
    }
}

extension InterfaceUse {
    init(_ counted: InterfaceStatistics) {
        self.init(name: counted.name)
        receivedBytes = counted.receivedBytes
        receivedPackets = counted.receivedPackets
        receivedErrors = counted.receiveErrors
        receivedDrops = counted.receiveDrops
        sentBytes = counted.sentBytes
        sentPackets = counted.sentPackets
        sentErrors = counted.sendErrors
        sentDrops = counted.sendDrops
    }
}

extension BlockUse {
    init(_ device: CgroupStatistics.Device) {
        self.init(major: device.major, minor: device.minor)
        readBytes = device.readBytes
        writtenBytes = device.writtenBytes
        reads = device.reads
        writes = device.writes
    }
}
