import Glibc
import Host

/// `events`: statistics in runc's shape, once or again and again.
enum EventsCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, .init(valued: ["interval"], flags: ["stats"]))
        let state = try ContainerState.read(id: try options.id(), layout: globals.layout)
        guard state.status(layout: globals.layout) != .stopped else {
            throw ContainerError(.conflict, "container with id \(state.id) is not running")
        }
        if options.has("stats") { return print(state) }
        let seconds = try seconds(options.value("interval") ?? "5s")
        var kills = CgroupStatistics.read(folders: state.cgroupPaths).memory.outOfMemoryKills
        while state.status(layout: globals.layout) != .stopped {
            print(state)
            for _ in 0..<seconds * 10 where state.status(layout: globals.layout) != .stopped {
                usleep(100_000)
            }
            let now = CgroupStatistics.read(folders: state.cgroupPaths).memory.outOfMemoryKills
            if now > kills { RuntimeCommand.say(#"{"type":"oom","id":"\#(state.id)"}"#) }
            kills = now
        }
        return 0
    }

    private static func seconds(_ text: String) throws(ContainerError) -> Int {
        let digits = text.prefix { $0.isNumber }
        guard let number = Int(digits), number > 0, number < 1 << 20 else {
            throw ContainerError(.invalid, "duration interval must be greater than 0")
        }
        switch text.dropFirst(digits.count) {
        case "", "s": return number
        case "m": return number * 60
        case "h": return number * 3600
        default: throw ContainerError(.invalid, "the interval \(text) is not understood: 5s, 2m, 1h")
        }
    }

    @discardableResult
    private static func print(_ state: ContainerState) -> Int32 {
        let statistics = CgroupStatistics.read(folders: state.cgroupPaths)
        let event = JSONValue([
            ("type", "stats"), ("id", .string(state.id)), ("data", statistics.event),
        ])
        return RuntimeCommand.say(event.description)
    }
}

extension CgroupStatistics {
    /// In the shape of runc's `events`.
    var event: JSONValue {
        JSONValue([
            ("cpu", cpuEvent), ("cpuset", JSONValue([(String, JSONValue)]())), ("memory", memoryEvent),
            ("pids", JSONValue([("current", JSONValue(processes)), ("limit", JSONValue(processLimit))])),
            ("blkio", deviceEvent), ("hugetlb", JSONValue([(String, JSONValue)]())),
            ("intel_rdt", JSONValue([(String, JSONValue)]())), ("network_interfaces", .null),
        ])
    }

    private var cpuEvent: JSONValue {
        var usage: [(String, JSONValue)] = [("total", JSONValue(cpu.total))]
        if !cpu.perProcessor.isEmpty {
            usage.append(("percpu", .array(cpu.perProcessor.map { JSONValue($0) })))
        }
        usage += [("kernel", JSONValue(cpu.system)), ("user", JSONValue(cpu.user))]
        let throttling = JSONValue([
            ("periods", JSONValue(cpu.periods)), ("throttledPeriods", JSONValue(cpu.throttledPeriods)),
            ("throttledTime", JSONValue(cpu.throttledTime)),
        ])
        return JSONValue([("usage", JSONValue(usage)), ("throttling", throttling)])
    }

    private var memoryEvent: JSONValue {
        func entry(_ limit: UInt64, _ usage: UInt64, _ maximum: UInt64, _ failures: UInt64) -> JSONValue {
            JSONValue([
                ("limit", JSONValue(limit)), ("usage", JSONValue(usage)), ("max", JSONValue(maximum)),
                ("failcnt", JSONValue(failures)),
            ])
        }
        let raw = details.isEmpty ? [] : details
        return JSONValue([
            ("cache", JSONValue(memory.details["cache"] ?? memory.details["file"] ?? 0)),
            ("usage", entry(memory.limit, memory.usage, memory.maximumUsage, memory.failures)),
            ("swap", entry(memory.swapLimit, memory.swapUsage, 0, 0)), ("kernel", entry(0, 0, 0, 0)),
            ("kernelTCP", entry(0, 0, 0, 0)), ("raw", JSONValue(raw)),
        ])
    }

    private var details: [(String, JSONValue)] {
        memory.details.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) }
    }

    private var deviceEvent: JSONValue {
        func entries(_ reading: KeyPath<Device, UInt64>, _ writing: KeyPath<Device, UInt64>) -> JSONValue {
            .array(
                devices.flatMap { device in
                    [("Read", device[keyPath: reading]), ("Write", device[keyPath: writing])].map {
                        name, value in
                        JSONValue([
                            ("major", JSONValue(device.major)), ("minor", JSONValue(device.minor)),
                            ("op", .string(name)), ("value", JSONValue(value)),
                        ])
                    }
                })
        }
        guard !devices.isEmpty else { return JSONValue([(String, JSONValue)]()) }
        return JSONValue([
            ("ioServiceBytesRecursive", entries(\.readBytes, \.writtenBytes)),
            ("ioServicedRecursive", entries(\.reads, \.writes)),
        ])
    }
}
