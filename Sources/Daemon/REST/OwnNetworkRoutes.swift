import Engine
import Hummingbird
import Model

/// Networks and volumes.
extension OwnAPI {
    func addNetworkRoutes(to routes: Routes) {
        routes.get("networks") { request, _ in
            try Reply.model(try await engine.networks(request.query.ownFilters()))
        }
        routes.post("networks") { request, _ in
            let spec = try await request.value(NetworkSpec.self)
            return try Reply.model(try await engine.createNetwork(spec), status: .created)
        }
        routes.get("networks/{name}") { _, context in
            try Reply.model(try await engine.network(context.parameter("name")))
        }
        routes.delete("networks/{name}") { _, context in
            try await engine.removeNetwork(context.parameter("name"))
            return Reply.done
        }
        routes.post("networks/{name}/connect") { request, context in
            let body = try await request.value(Connection.self)
            try await engine.connect(
                body.instance, to: context.parameter("name"), body.endpoint ?? EndpointSpec())
            return Reply.done
        }
        routes.post("networks/{name}/disconnect") { request, context in
            let body = try await request.value(Connection.self)
            try await engine.disconnect(
                body.instance, from: context.parameter("name"), force: body.force ?? false)
            return Reply.done
        }
    }

    private struct Connection: Decodable {
        var instance: String
        var endpoint: EndpointSpec?
        var force: Bool?
    }

    func addVolumeRoutes(to routes: Routes) {
        routes.get("volumes") { request, _ in
            try Reply.model(try await engine.volumes(request.query.ownFilters()))
        }
        routes.post("volumes") { request, _ in
            let spec = try await request.value(VolumeSpec.self)
            return try Reply.model(try await engine.createVolume(spec), status: .created)
        }
        routes.get("volumes/{name}") { _, context in
            try Reply.model(try await engine.volume(context.parameter("name")))
        }
        routes.delete("volumes/{name}") { request, context in
            try await engine.removeVolume(context.parameter("name"), force: request.query.bool("force"))
            return Reply.done
        }
        routes.get("volumes/{name}/snapshots") { _, context in
            try Reply.model(try await engine.volumeSnapshots(of: context.parameter("name")))
        }
        routes.delete("volumes/{name}/snapshots/{snapshot}") { _, context in
            try await engine.removeVolumeSnapshot(
                context.parameter("snapshot"), of: context.parameter("name"))
            return Reply.done
        }
        addVolumeCopyRoutes(to: routes)
    }

    private func addVolumeCopyRoutes(to routes: Routes) {
        routes.post("volumes/{name}/snapshot") { request, context in
            let snapshot = try await engine.snapshotVolume(
                context.parameter("name"), as: request.query.string("snapshot"))
            return try Reply.model(snapshot, status: .created)
        }
        routes.post("volumes/{name}/clone") { request, context in
            let query = request.query
            let volume = try await engine.cloneVolume(
                context.parameter("name"), to: query.required("to"), snapshot: query.string("snapshot"))
            return try Reply.model(volume, status: .created)
        }
        routes.post("volumes/{name}/restore") { request, context in
            try await engine.restoreVolume(
                context.parameter("name"), from: request.query.required("snapshot"))
            return Reply.done
        }
    }
}
