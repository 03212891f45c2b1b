import Engine
import HTTPTypes
import Hummingbird
import Model

/// Named volumes.
extension DockerAPI {
    func addVolumeRoutes(to router: Routes) {
        router.get("volumes", use: listVolumes)
        router.get("volumes/{name}", use: inspectVolume)
        router.post("volumes/create", use: createVolume)
        router.post("volumes/prune", use: pruneVolumes)
        router.delete("volumes/{name}", use: removeVolume)
    }

    private func listVolumes(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let volumes = try await engine.volumes(request.query.filters())
        return Reply.json(["Volumes": .array(volumes.map(VolumeShape.json)), "Warnings": .null])
    }

    private func inspectVolume(_ request: Request, _ context: DaemonContext) async throws -> Response {
        Reply.json(VolumeShape.json(try await engine.volume(context.parameter("name"))))
    }

    private func createVolume(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let body = try await request.json()
        var spec = VolumeSpec(name: try body.string("Name") ?? "")
        spec.driver = try body.string("Driver") ?? "local"
        spec.labels = try body.dictionary("Labels")
        spec.options = try body.dictionary("DriverOpts")
        return Reply.json(VolumeShape.json(try await engine.createVolume(spec)), status: .created)
    }

    private func removeVolume(_ request: Request, _ context: DaemonContext) async throws -> Response {
        try await engine.removeVolume(context.parameter("name"), force: request.query.bool("force"))
        return Reply.done
    }

    private func pruneVolumes(_ request: Request, _ context: DaemonContext) async throws -> Response {
        var filters = try request.query.filters()
        // Up to 1.41, named volumes went as well.
        if context.version.minor < 42 { filters.add("all", "1") }
        let report = try await engine.pruneVolumes(filters)
        return Reply.json([
            "VolumesDeleted": .slice(report.removed), "SpaceReclaimed": .int(report.reclaimed),
        ])
    }
}

/// A volume as lists and inspection show it.
enum VolumeShape {
    static func json(_ volume: VolumeRecord) -> JSON {
        [
            "CreatedAt": .string(Timestamp.text(volume.created)), "Driver": .string(volume.driver),
            "Labels": volume.labels.isEmpty ? .null : .map(volume.labels),
            "Mountpoint": .string(volume.mountPoint), "Name": .string(volume.name),
            "Options": volume.options.isEmpty ? .null : .map(volume.options), "Scope": "local",
        ]
    }
}
