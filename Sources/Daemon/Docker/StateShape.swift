import Glibc
import Model

/// How a container is, for machines and for people.
enum StateShape {
    static func json(_ instance: Instance) -> JSON {
        let state = instance.state
        let isAlive = state == .running || state == .paused
        let fields: JSON = [
            "Status": .string(state.rawValue), "Running": .bool(isAlive || state == .restarting),
            "Paused": .bool(state == .paused), "Restarting": .bool(state == .restarting),
            "OOMKilled": .bool(instance.wasKilledForMemory), "Dead": .bool(state == .dead),
            "Pid": .int(isAlive ? instance.processID : 0), "ExitCode": .int(instance.exitCode),
            "Error": .string(instance.error), "StartedAt": .string(Timestamp.text(instance.started)),
            "FinishedAt": .string(Timestamp.text(instance.finished)),
        ]
        guard let health = instance.health else { return fields }
        return fields.adding([
            "Health": [
                "Status": .string(health.rawValue), "FailingStreak": .int(instance.healthFailures),
                "Log": .array(instance.healthLog.map(json)),
            ]
        ])
    }

    private static func json(_ result: HealthResult) -> JSON {
        [
            "Start": .string(Timestamp.text(result.start)), "End": .string(Timestamp.text(result.end)),
            "ExitCode": .int(result.exitCode), "Output": .string(result.output),
        ]
    }

    /// `Up 5 minutes (healthy)`, `Exited (0) 3 seconds ago`…
    static func sentence(_ instance: Instance, now: Double = Clock.now) -> String {
        let up = Timestamp.duration(now - (instance.started ?? now))
        let ago = Timestamp.duration(now - (instance.finished ?? now)) + " ago"
        switch instance.state {
        case .created: return "Created"
        case .running: return "Up \(up)\(health(instance))"
        case .paused: return "Up \(up) (Paused)"
        case .restarting: return "Restarting (\(instance.exitCode)) \(ago)"
        case .removing: return "Removal In Progress"
        case .exited: return "Exited (\(instance.exitCode)) \(ago)"
        case .dead: return "Dead"
        }
    }

    private static func health(_ instance: Instance) -> String {
        switch instance.health {
        case nil: ""
        case .starting?: " (health: starting)"
        case let health?: " (\(health.rawValue))"
        }
    }
}

enum Clock {
    /// Seconds since 1970.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Mounts as they were made.
enum MountShape {
    static func json(_ mount: ResolvedMount) -> JSON {
        var fields: JSON = ["Type": .string(mount.kind.rawValue)]
        if !mount.name.isEmpty { fields = fields.adding(["Name": .string(mount.name)]) }
        fields = fields.adding([
            "Source": .string(mount.kind == .tmpfs ? "" : mount.source), "Destination": .string(mount.target),
        ])
        if mount.kind == .volume { fields = fields.adding(["Driver": "local"]) }
        return fields.adding([
            "Mode": .string(mount.isReadOnly ? "ro" : ""), "RW": .bool(!mount.isReadOnly),
            "Propagation": .string(mount.propagation),
        ])
    }
}

/// Networks and ports of a container.
enum NetworkShape {
    static func settings(_ instance: Instance) -> JSON {
        let main = instance.endpoints["bridge"]
        let fields: JSON = [
            "Bridge": "", "SandboxID": .string(instance.endpoints.isEmpty ? "" : instance.id.text),
            "SandboxKey": .string(instance.processID > 0 ? "/proc/\(instance.processID)/ns/net" : ""),
            "Ports": ports(instance), "HairpinMode": false, "LinkLocalIPv6Address": "",
            "LinkLocalIPv6PrefixLen": 0, "SecondaryIPAddresses": .null, "SecondaryIPv6Addresses": .null,
        ]
        return fields.adding([
            "EndpointID": .string(main?.endpointID ?? ""), "Gateway": .string(main?.ipv4Gateway ?? ""),
            "GlobalIPv6Address": .string(main?.ipv6Address ?? ""),
            "GlobalIPv6PrefixLen": .int(main?.ipv6PrefixLength ?? 0),
            "IPAddress": .string(main?.ipv4Address ?? ""),
            "IPPrefixLen": .int(main?.ipv4PrefixLength ?? 0),
            "IPv6Gateway": .string(main?.ipv6Gateway ?? ""),
            "MacAddress": .string(main?.macAddress ?? ""), "Networks": networks(instance),
        ])
    }

    static func networks(_ instance: Instance) -> JSON {
        let wanted = instance.containerSpec?.network.endpoints ?? [:]
        return .object(
            instance.endpoints.sorted { $0.key < $1.key }.map { name, endpoint in
                JSON.Field(name: name, value: json(endpoint, wanted: wanted[name]))
            })
    }

    private static func json(_ endpoint: Endpoint, wanted: EndpointSpec?) -> JSON {
        var addresses = JSON.null
        let fixed: [(String, JSON?)] = [
            ("IPv4Address", wanted?.ipv4Address.map(JSON.string)),
            ("IPv6Address", wanted?.ipv6Address.map(JSON.string)),
            ("LinkLocalIPs", wanted?.linkLocalAddresses.map(JSON.strings)),
        ]
        let given = fixed.compactMap { name, value in value.map { JSON.Field(name: name, value: $0) } }
        if !given.isEmpty { addresses = .object(given) }
        let mac = endpoint.macAddress.isEmpty ? wanted?.macAddress ?? "" : endpoint.macAddress
        let fields: JSON = [
            "IPAMConfig": addresses, "Links": .slice(wanted?.links ?? []),
            "Aliases": .slice(endpoint.aliases), "MacAddress": .string(mac),
            "DriverOpts": wanted.map { $0.driverOptions.isEmpty ? .null : .map($0.driverOptions) } ?? .null,
        ]
        return fields.adding([
            "NetworkID": .string(endpoint.networkID), "EndpointID": .string(endpoint.endpointID),
            "Gateway": .string(endpoint.ipv4Gateway), "IPAddress": .string(endpoint.ipv4Address),
            "IPPrefixLen": .int(endpoint.ipv4PrefixLength), "IPv6Gateway": .string(endpoint.ipv6Gateway),
            "GlobalIPv6Address": .string(endpoint.ipv6Address),
            "GlobalIPv6PrefixLen": .int(endpoint.ipv6PrefixLength), "DNSNames": .slice(endpoint.names),
        ])
    }

    /// `{"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}], "443/tcp": null}`
    private static func ports(_ instance: Instance) -> JSON {
        var table: [String: [JSON]] = [:]
        for port in instance.containerSpec?.network.exposedPorts ?? [] { table[port] = [] }
        for port in instance.ports {
            let key = "\(port.containerPort)/\(port.transport.rawValue)"
            table[key, default: []].append([
                "HostIp": .string(port.hostAddress), "HostPort": .string(String(port.hostPort)),
            ])
        }
        return .object(
            table.sorted { $0.key < $1.key }.map { key, bindings in
                JSON.Field(name: key, value: bindings.isEmpty ? .null : .array(bindings))
            })
    }
}

extension Instance {
    /// `nil` for machines.
    var containerSpec: ContainerSpec? {
        guard case .container(let spec) = spec else { return nil }
        return spec
    }
}
