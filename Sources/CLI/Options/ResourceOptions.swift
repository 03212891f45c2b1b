import ArgumentParser
import Model

/// Limits by control groups; `run`, `create` and `update` take them.
struct ResourceOptions: ParsableArguments {
    @Option(
        name: [.customShort("m", allowingJoined: true), .long],
        help: ArgumentHelp("Bound of memory, such as 256m.", valueName: "size"))
    var memory: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bound of memory and swap together; -1 for no bound on swap.", valueName: "size"))
    var memorySwap: String?

    @Option(help: ArgumentHelp("Memory to shrink to when the host is short of it.", valueName: "size"))
    var memoryReservation: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Readiness to swap, 0 to 100.", valueName: "number"))
    var memorySwappiness: Int64?

    @Flag(
        name: .customLong("oom-kill-disable"),
        help: "Stop processes in place of killing them when memory is short.")
    var disablesKiller = false

    @Option(help: ArgumentHelp("Processors, such as 0.5.", valueName: "number"))
    var cpus: String?

    @Option(
        name: [.customShort("c", allowingJoined: true), .long],
        help: ArgumentHelp("Weight among others; 1024 is usual.", valueName: "number"))
    var cpuShares: Int64?

    @Option(help: ArgumentHelp("Length of a period of the scheduler.", valueName: "microseconds"))
    var cpuPeriod: Int64?

    @Option(parsing: .unconditional, help: ArgumentHelp("Time in each period.", valueName: "microseconds"))
    var cpuQuota: Int64?

    @Option(help: ArgumentHelp("Realtime period.", valueName: "microseconds"))
    var cpuRtPeriod: Int64?

    @Option(help: ArgumentHelp("Realtime in each period.", valueName: "microseconds"))
    var cpuRtRuntime: Int64?

    @Option(name: .customLong("cpuset-cpus"), help: ArgumentHelp("Processors to run on.", valueName: "0-2,4"))
    var cpusetCPUs: String?

    @Option(help: ArgumentHelp("Memory nodes to use.", valueName: "0,1"))
    var cpusetMems: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Most processes and threads; -1 for no bound.", valueName: "count"))
    var pidsLimit: Int64?

    @Option(help: ArgumentHelp("Weight of reads and writes, 10 to 1000.", valueName: "number"))
    var blkioWeight: UInt16?

    @Option(help: ArgumentHelp("Weight on one device.", valueName: "device:weight"))
    var blkioWeightDevice: [String] = []

    @Option(help: ArgumentHelp("Bytes read a second.", valueName: "device:size"))
    var deviceReadBps: [String] = []

    @Option(help: ArgumentHelp("Bytes written a second.", valueName: "device:size"))
    var deviceWriteBps: [String] = []

    @Option(help: ArgumentHelp("Reads a second.", valueName: "device:count"))
    var deviceReadIops: [String] = []

    @Option(help: ArgumentHelp("Writes a second.", valueName: "device:count"))
    var deviceWriteIops: [String] = []

    func resources() throws(Failure) -> ContainerResources {
        var result = ContainerResources()
        if let memory { result.memory = try Amount.bytes(memory, option: "--memory") }
        if let memorySwap {
            result.memorySwap = try Amount.bytesOrUnlimited(memorySwap, option: "--memory-swap")
        }
        if let memoryReservation {
            result.memoryReservation = try Amount.bytes(memoryReservation, option: "--memory-reservation")
        }
        result.memorySwappiness = memorySwappiness == -1 ? nil : memorySwappiness
        result.disablesOutOfMemoryKiller = disablesKiller
        if let cpus { result.nanoCPUs = try Amount.nanoCPUs(cpus) }
        guard cpus == nil || (cpuPeriod == nil && cpuQuota == nil) else {
            throw .badCommandLine("--cpus and --cpu-period or --cpu-quota exclude each other")
        }
        result.cpuShares = cpuShares
        result.cpuPeriod = cpuPeriod
        result.cpuQuota = cpuQuota
        result.cpuRealtimePeriod = cpuRtPeriod
        result.cpuRealtimeRuntime = cpuRtRuntime
        result.cpusetCPUs = cpusetCPUs
        result.cpusetMemoryNodes = cpusetMems
        result.processes = pidsLimit
        try applyRates(to: &result)
        return result
    }

    private func applyRates(to result: inout ContainerResources) throws(Failure) {
        result.blockWeight = blkioWeight
        result.blockWeightDevices = try rates(blkioWeightDevice, "--blkio-weight-device", isSize: false)
        result.readBytesPerSecond = try rates(deviceReadBps, "--device-read-bps", isSize: true)
        result.writeBytesPerSecond = try rates(deviceWriteBps, "--device-write-bps", isSize: true)
        result.readOperationsPerSecond = try rates(deviceReadIops, "--device-read-iops", isSize: false)
        result.writeOperationsPerSecond = try rates(deviceWriteIops, "--device-write-iops", isSize: false)
    }

    private func rates(_ texts: [String], _ option: String, isSize: Bool) throws(Failure) -> [DeviceRate] {
        var rates: [DeviceRate] = []
        for text in texts { rates.append(try LimitOption.rate(text, option: option, isSize: isSize)) }
        return rates
    }
}
