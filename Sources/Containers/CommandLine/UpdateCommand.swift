import Glibc
import Host

/// `update`: changes limits while the container runs, by options or by a file of `linux.resources`.
enum UpdateCommand {
    private static let grammar = Arguments.Grammar(
        valued: [
            "resources,r", "blkio-weight", "cpu-period", "cpu-quota", "cpu-burst", "cpu-share",
            "cpu-rt-period",
            "cpu-rt-runtime", "cpuset-cpus", "cpuset-mems", "kernel-memory", "kernel-memory-tcp", "memory",
            "memory-reservation", "memory-swap", "pids-limit", "l3-cache-schema", "mem-bw-schema", "cpu-idle",
        ])

    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, grammar)
        let folder = try StateFolder.open(id: try options.id(), layout: globals.layout)
        let state = try folder.read()
        guard state.status(layout: globals.layout) != .stopped else {
            throw ContainerError(.conflict, "container \(state.id) is not running")
        }
        let file = options.value("resources")
        let resources = if let file { try read(file) } else { try given(options) }
        let cgroup = ContainerCgroup(folders: state.cgroupPaths)
        try CgroupLimits.apply(try CgroupLimits.settings(resources, isUnified: cgroup.isUnified), to: cgroup)
        return 0
    }

    private static func read(_ path: String) throws(ContainerError) -> RuntimeSpec.Resources {
        guard let bytes = path == "-" ? try? Descriptors.read(0, limit: 1 << 20) : CgroupFile.bytes(path)
        else {
            throw ContainerError(.notFound, SystemError("read \(path)").description)
        }
        do {
            return try JSONDecoding.decode(RuntimeSpec.Resources.self, from: try JSONValue(parsing: bytes))
        } catch {
            throw ContainerError(.invalid, "\(path): \(error)")
        }
    }

    private static func given(_ options: Arguments) throws(ContainerError) -> RuntimeSpec.Resources {
        var resources = RuntimeSpec.Resources()
        var memory = RuntimeSpec.Memory()
        memory.limit = try size(options, "memory")
        memory.swap = try size(options, "memory-swap")
        memory.reservation = try size(options, "memory-reservation")
        memory.kernelTCP = try size(options, "kernel-memory-tcp")
        resources.memory = memory
        var cpu = RuntimeSpec.CPU()
        cpu.shares = try options.number("cpu-share")
        cpu.quota = try options.number("cpu-quota")
        cpu.period = try options.number("cpu-period")
        cpu.burst = try options.number("cpu-burst")
        cpu.realtimePeriod = try options.number("cpu-rt-period")
        cpu.realtimeRuntime = try options.number("cpu-rt-runtime")
        cpu.idle = try options.number("cpu-idle")
        cpu.cpus = options.value("cpuset-cpus")
        cpu.mems = options.value("cpuset-mems")
        resources.cpu = cpu
        if let limit: Int64 = try options.number("pids-limit") {
            resources.pids = RuntimeSpec.PIDs(limit: limit)
        }
        if let weight: UInt16 = try options.number("blkio-weight") {
            var io = RuntimeSpec.BlockIO()
            io.weight = weight
            resources.blockIO = io
        }
        return resources
    }

    /// Bytes, with a unit of 1024s behind them if wanted.
    private static func size(_ options: Arguments, _ name: String) throws(ContainerError) -> Int64? {
        guard let text = options.value(name) else { return nil }
        if let number = Int64(text) { return number }
        let units: [Character: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40]
        let lower = text.lowercased()
        let digits = lower.prefix { $0.isNumber }
        guard let number = Int64(digits),
            let unit = lower.dropFirst(digits.count).first.flatMap({ units[$0] }),
            case let (bytes, overflow) = number.multipliedReportingOverflow(by: unit), !overflow
        else { throw ContainerError(.invalid, "invalid value for \(name): \(text)") }
        return bytes
    }
}
