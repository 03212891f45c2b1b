import Engine
import HTTPTypes
import Hummingbird
import Images
import Model

/// Looking at images, naming and removing them. Names have slashes: what follows a name is cut off its end.
extension DockerAPI {
    func addImageRoutes(to router: Routes) {
        router.get("images/json") { request, context in
            let all = request.query.bool("all")
            return Reply.json(
                .array(try await imageList(all: all, filters: request.query.filters(), context.version)))
        }
        router.post("images/create", use: createImage)
        router.post("images/prune", use: pruneImages)
        router.post("images/load", use: loadImages)
        router.get("images/get", use: saveImages)
        router.get("images/search") { _, _ -> Response in
            throw APIError(.notImplemented, "searching a registry is not offered: name the image to pull")
        }
        router.get("images/**", use: getImage)
        router.post("images/**", use: postImage)
        router.delete("images/**", use: removeImage)
        router.get("distribution/**", use: distribution)
        router.post("commit", use: commit)
    }

    /// `name` of `/images/{name}/{action}`.
    private func name(_ context: DaemonContext) throws(APIError) -> (name: String, action: String) {
        let parts = context.parameters.getCatchAll().map { Query.decode($0, plusIsSpace: false) }
        guard parts.count > 1, let action = parts.last else { throw APIError(.notFound, "page not found") }
        return (parts.dropLast().joined(separator: "/"), action)
    }

    func imageList(
        all: Bool, filters: Filters, _ version: DockerVersion = .newest
    ) async throws -> [JSON] {
        let images = try await engine.images.list()
        let selection = try ImageSelection(filters, of: images)
        return images.filter(selection.contains).map { ImageShape.json($0, version) }
    }

    private func getImage(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (name, action) = try name(context)
        switch action {
        case "json":
            return Reply.json(ImageShape.json(try await engine.images.resolve(name), context.version))
        case "history":
            return Reply.json(.array(try await engine.images.history(name).map(ImageShape.json)))
        case "get": return try await save([name])
        default: throw APIError(.notFound, "page not found")
        }
    }

    private func postImage(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (name, action) = try name(context)
        switch action {
        case "tag":
            guard let repository = request.query.string("repo") else {
                throw APIError(.badRequest, "repo is empty")
            }
            let reference = try Reference(Self.join(repository, request.query.string("tag")))
            try await engine.images.tag(name, as: reference)
            await engine.record(
                .image, "tag", actor: try await engine.images.resolve(name).id.description,
                attributes: ["name": reference.familiar])
            return Response(status: .created)
        case "push": return try await push(name, request)
        default: throw APIError(.notFound, "page not found")
        }
    }

    private func removeImage(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let name = context.parameters.getCatchAll().map { Query.decode($0, plusIsSpace: false) }
            .joined(separator: "/")
        let removed = try await engine.images.remove(name, force: request.query.bool("force"))
        await record(removed)
        return Reply.json(.array(removed.map(ImageShape.json)))
    }

    private func pruneImages(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let filters = try request.query.filters()
        let isAll = filters["dangling"].contains { $0 == "0" || $0.lowercased() == "false" }
        var rest = filters
        rest.values["dangling"] = nil
        let selection = try ImageSelection(rest, of: await engine.images.list())
        let (removed, freed) = try await engine.images.prune(all: isAll, where: selection.contains)
        await record(removed)
        return Reply.json([
            "ImagesDeleted": removed.isEmpty ? .null : .array(removed.map(ImageShape.json)),
            "SpaceReclaimed": .int(freed),
        ])
    }

    private func record(_ removed: [RemovedItem]) async {
        for item in removed {
            switch item {
            case .untagged(let name):
                await engine.record(.image, "untag", actor: name, attributes: ["name": name])
            case .deleted(let digest): await engine.record(.image, "delete", actor: digest.description)
            }
        }
    }

    private func commit(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        guard let container = query.string("container") else {
            throw APIError(.badRequest, "container is empty")
        }
        var spec = CommitSpec()
        if let repository = query.string("repo") {
            spec.reference = Self.join(repository, query.string("tag"))
        }
        spec.author = query.string("author") ?? ""
        spec.comment = query.string("comment") ?? ""
        spec.pauses = query.bool("pause", default: true)
        spec.changes = query.all("changes").flatMap { $0.split(separator: "\n").map(String.init) }
        return Reply.json(
            ["Id": .string(try await engine.commit(container, spec))], status: .created)
    }

    /// What a registry would answer for a name is known here only for images that were pulled.
    private func distribution(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (name, action) = try name(context)
        guard action == "json" else { throw APIError(.notFound, "page not found") }
        let image = try await engine.images.resolve(name)
        let platform = image.platform
        return Reply.json([
            "Descriptor": [
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": .string(image.manifestDigest.description), "size": 0,
            ],
            "Platforms": [["architecture": .string(platform.architecture), "os": .string(platform.os)]],
        ])
    }

    /// `repo` and `tag` as Docker's queries give them: the tag may be a digest, or part of the name already.
    static func join(_ name: String, _ tag: String?) -> String {
        guard let tag else { return name }
        return tag.contains(":") ? "\(name)@\(tag)" : "\(name):\(tag)"
    }
}
