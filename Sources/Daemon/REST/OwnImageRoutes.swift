import Engine
import HTTPTypes
import Hummingbird
import Images
import Model

/// Looking at images, naming and removing them.
extension OwnAPI {
    func addImageRoutes(to routes: Routes) {
        routes.get("images", use: listImages)
        routes.get("images/inspect") { request, _ in
            let image = try await engine.images.resolve(request.query.required("name"))
            return try Reply.model(ImageDetails(image))
        }
        routes.get("images/history") { request, _ in
            try Reply.model(try await engine.images.history(request.query.required("name")))
        }
        routes.post("images/tag", use: tagImage)
        routes.delete("images", use: removeImage)
        routes.post("images/prune", use: pruneImages)
    }

    private func listImages(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let images = try await engine.images.list()
        let selection = try ImageSelection(request.query.ownFilters(), of: images)
        return try Reply.model(images.filter(selection.contains))
    }

    private func tagImage(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        let reference = try Reference(query.required("reference"))
        try await engine.images.tag(query.required("name"), as: reference)
        await engine.record(
            .image, "tag", actor: reference.familiar, attributes: ["name": reference.familiar])
        return Reply.done
    }

    private func removeImage(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        let removed = try await engine.images.remove(query.required("name"), force: query.bool("force"))
        for case .deleted(let digest) in removed {
            await engine.record(.image, "delete", actor: digest.description)
        }
        return Reply.json(.array(removed.map(Self.json)))
    }

    private func pruneImages(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        let selection = try ImageSelection(query.ownFilters(), of: await engine.images.list())
        let (removed, freed) = try await engine.images.prune(
            all: query.bool("all"), where: selection.contains)
        return Reply.json(["removed": .array(removed.map(Self.json)), "reclaimed": .int(freed)])
    }

    private static func json(_ item: RemovedItem) -> JSON {
        switch item {
        case .untagged(let name): ["untagged": .string(name)]
        case .deleted(let digest): ["deleted": .string(digest.description)]
        }
    }
}

/// An image as our own API shows it.
struct ImageDetails: Encodable {
    let id: Digest
    let manifestDigest: Digest
    let tags: [String]
    let repositoryDigests: [String]
    let size: Int64
    let parent: Digest?
    let tagged: Double
    let configuration: ImageConfiguration

    init(_ image: Image) {
        id = image.id
        manifestDigest = image.manifestDigest
        tags = image.tags
        repositoryDigests = image.repositoryDigests
        size = image.size
        parent = image.parent
        tagged = image.tagged
        configuration = image.configuration
    }
}
