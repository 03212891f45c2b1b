import Model

/// An instance as `ps` shows it, in Docker's names of fields.
enum InstanceRow {
    static let columns = [
        Listing.Column("CONTAINER ID", "ID"), .init("IMAGE", "Image"), .init("COMMAND", "Command"),
        .init("CREATED", "RunningFor"), .init("STATUS", "Status"), .init("PORTS", "Ports"),
        .init("NAMES", "Names"),
    ]

    static func fields(
        of instance: Instance, size: InstanceSize?, options: ListOptions, now: Double = Amounts.now
    ) -> KeyValuePairs<String, String> {
        [
            "ID": options.id(instance.id.text), "Image": image(of: instance.spec),
            "Command": command(of: instance, isShort: !options.noTrunc),
            "CreatedAt": Amounts.local(instance.created),
            "RunningFor": Amounts.ago(instance.created, now: now), "State": instance.state.rawValue,
            "Status": status(of: instance, now: now), "Ports": ports(of: instance), "Names": instance.name,
            "Labels": instance.spec.labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
                .joined(separator: ","),
            "Networks": instance.endpoints.keys.sorted().joined(separator: ","),
            "Mounts": instance.mounts.map { $0.name.isEmpty ? $0.source : $0.name }.joined(separator: ","),
            "LocalVolumes": "\(instance.mounts.filter { $0.kind == .volume }.count)",
            "Size": size.map(Self.size) ?? "0B",
        ]
    }

    static func size(_ size: InstanceSize) -> String {
        "\(Amounts.decimal(UInt64(clamping: size.written))) "
            + "(virtual \(Amounts.decimal(UInt64(clamping: size.total))))"
    }

    static func image(of spec: InstanceSpec) -> String {
        switch spec {
        case .container(let spec): spec.image
        case .machine(let spec): "machine:\(spec.guest)"
        }
    }

    private static func command(of instance: Instance, isShort: Bool) -> String {
        if case .machine(let spec) = instance.spec {
            return "\(spec.cpus) × \(spec.arch.rawValue), \(ByteSize(bytes: spec.memory))"
        }
        let text = instance.process.arguments.joined(separator: " ")
        return "\"" + (isShort && text.count > 20 ? text.prefix(19) + "…" : text) + "\""
    }

    /// `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`…
    static func status(of instance: Instance, now: Double) -> String {
        let up = Amounts.duration(now - (instance.started ?? now))
        let ended = Amounts.ago(instance.finished, now: now)
        switch instance.state {
        case .created: return "Created"
        case .running: return "Up \(up)" + (instance.health.map { " (\(word(for: $0)))" } ?? "")
        case .paused: return "Up \(up) (Paused)"
        case .restarting: return "Restarting (\(instance.exitCode)) \(ended)"
        case .removing: return "Removal In Progress"
        case .exited: return "Exited (\(instance.exitCode)) \(ended)"
        case .dead: return "Dead"
        }
    }

    private static func word(for health: Instance.Health) -> String {
        health == .starting ? "health: starting" : health.rawValue
    }

    /// `127.0.0.1:8080->80/tcp, 443/tcp`.
    static func ports(of instance: Instance) -> String {
        var texts = instance.ports.map { port in
            let address = port.hostAddress.contains(":") ? "[\(port.hostAddress)]" : port.hostAddress
            return "\(address):\(port.hostPort)->\(port.containerPort)/\(port.transport.rawValue)"
        }
        if case .container(let spec) = instance.spec, instance.state == .running {
            let published = Set(instance.ports.map { "\($0.containerPort)/\($0.transport.rawValue)" })
            texts += spec.network.exposedPorts.filter { !published.contains($0) }
        }
        return texts.joined(separator: ", ")
    }
}

/// A machine that runs without the daemon, in the same row.
enum MachineRow {
    static func fields(of machine: MachineStatus, now: Double = Amounts.now) -> KeyValuePairs<String, String>
    {
        let engine = "\(machine.cpus) × \(machine.arch.rawValue), \(ByteSize(bytes: machine.memory))"
        let isPaused = machine.state == .paused
        return [
            "ID": machine.id.text, "Image": "machine",
            "Command": "\(engine), \(machine.accelerator.rawValue)",
            "CreatedAt": Amounts.local(now - machine.seconds),
            "RunningFor": Amounts.duration(machine.seconds) + " ago", "State": machine.state.rawValue,
            "Status": "Up \(Amounts.duration(machine.seconds))" + (isPaused ? " (paused)" : ""), "Ports": "",
            "Names": machine.name, "Labels": "", "Networks": "", "Mounts": "", "LocalVolumes": "0",
            "Size": "0B",
        ]
    }
}
