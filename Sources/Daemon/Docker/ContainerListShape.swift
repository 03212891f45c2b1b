import Model

/// A container as `GET /containers/json` shows it.
enum ContainerListShape {
    static func json(_ instance: Instance, _ spec: ContainerSpec, size: InstanceSize?) -> JSON {
        let fields: JSON = [
            "Id": .string(instance.id.text), "Names": ["/" + instance.name].json,
            "Image": .string(spec.image), "ImageID": .string(instance.imageID),
            "Command": .string(instance.process.arguments.joined(separator: " ")),
            "Created": .int(Int64(instance.created)), "Ports": .array(ports(instance, spec)),
        ]
        return fields.adding(sizes(size)).adding([
            "Labels": .map(spec.labels), "State": .string(instance.state.rawValue),
            "Status": .string(StateShape.sentence(instance)),
            "HostConfig": ["NetworkMode": .string(spec.network.mode)],
            "NetworkSettings": ["Networks": NetworkShape.networks(instance)],
            "Mounts": MountBody.made(instance),
        ])
    }

    private static func sizes(_ size: InstanceSize?) -> JSON {
        guard let size else { return [:] }
        return ["SizeRw": .int(size.written), "SizeRootFs": .int(size.total)]
    }

    private static func ports(_ instance: Instance, _ spec: ContainerSpec) -> [JSON] {
        let published = instance.ports.map { port -> JSON in
            [
                "IP": .string(port.hostAddress), "PrivatePort": .int(port.containerPort),
                "PublicPort": .int(port.hostPort), "Type": .string(port.transport.rawValue),
            ]
        }
        let names = Set(instance.ports.map { "\($0.containerPort)/\($0.transport.rawValue)" })
        let exposed = spec.network.exposedPorts.filter { !names.contains($0) }.map { port -> JSON in
            let parts = port.split(separator: "/")
            return [
                "PrivatePort": .int(parts.first.flatMap { UInt16($0) } ?? 0),
                "Type": .string(parts.count > 1 ? String(parts[1]) : "tcp"),
            ]
        }
        return instance.state == .running || instance.state == .paused ? published + exposed : []
    }
}

extension [String] {
    var json: JSON { .strings(self) }
}
