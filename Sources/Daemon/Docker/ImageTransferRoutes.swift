import Engine
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Images
import Model

/// Images on their way: pull, import, push, load, save.
extension DockerAPI {
    func createImage(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        if query.has("fromSrc") { return try await importImage(request) }
        guard let name = query.string("fromImage") else {
            throw APIError(.badRequest, "fromImage is empty: name the image to pull")
        }
        let reference = try Reference(Self.join(name, query.string("tag")))
        let platform = try query.string("platform").map { try Platform($0) }
        let credentials = try RegistryHeaders.credentials(request.headers)
        return try await ProgressStream.response { sink in
            try await pull(reference, platform, credentials, sink)
        }
    }

    private func pull(
        _ reference: Reference, _ platform: Platform?, _ credentials: Credentials?,
        _ sink: ProgressStream.Sink
    ) async throws {
        let lines = ProgressLines(sink)
        let before = try? await engine.images.resolve(reference.familiar).id
        let image = try await engine.images.pull(
            reference, platform: platform, credentials: credentials, progress: lines.take)
        let news = image.id == before ? "Image is up to date for" : "Downloaded newer image for"
        sink.line(["status": .string("Digest: \(image.manifestDigest)")])
        sink.line(["status": .string("Status: \(news) \(reference.familiar)")])
        await engine.record(
            .image, "pull", actor: reference.familiar, attributes: ["name": reference.familiarRepository])
    }

    private func importImage(_ request: Request) async throws -> Response {
        let query = request.query
        guard query.string("fromSrc") == "-" else {
            throw APIError(
                .badRequest,
                "an image is imported from the request's body: fetch the file first, fromSrc is '-'")
        }
        let reference = try query.string("repo").map { try Reference(Self.join($0, query.string("tag"))) }
        let spool = try await Spool.holding(RequestBytes(request.body), in: spoolFolder)
        let image = try await engine.importTree(
            from: spool.raw, as: reference, message: query.string("message"), changes: query.all("changes"))
        await engine.record(.image, "import", actor: image.id.description)
        return Reply.json(["status": .string(image.id.description)])
    }

    func push(_ name: String, _ request: Request) async throws -> Response {
        let reference = try Reference(Self.join(name, request.query.string("tag")))
        let credentials = try RegistryHeaders.credentials(request.headers)
        _ = try await engine.images.resolve(reference.familiar)
        return try await ProgressStream.response { sink in
            sink.line([
                "status": .string("The push refers to repository [\(reference.canonicalRepository)]")
            ])
            let lines = ProgressLines(sink)
            let digest = try await engine.images.push(
                reference, credentials: credentials, progress: lines.take)
            let tag = reference.tag ?? "latest"
            sink.line([
                "progressDetail": [:],
                "aux": ["Tag": .string(tag), "Digest": .string(digest.description), "Size": 0],
            ])
            await engine.record(
                .image, "push", actor: reference.familiar,
                attributes: ["name": reference.familiarRepository])
        }
    }

    func loadImages(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let isQuiet = request.query.bool("quiet")
        let spool = try await Spool.holding(RequestBytes(request.body), in: spoolFolder)
        return try await ProgressStream.response(failsInStream: true) { sink in
            let lines = ProgressLines(sink)
            let loaded = try await engine.images.load(from: spool.raw) { progress in
                if !isQuiet, progress.status != .message { lines.take(progress) }
            }
            for image in loaded {
                let names = image.tags.map { "Loaded image: \($0)\n" }
                for name in names.isEmpty ? ["Loaded image ID: \(image.id)\n"] : names {
                    sink.line(["stream": .string(name)])
                }
                await engine.record(.image, "load", actor: image.id.description)
            }
        }
    }

    func saveImages(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let names = request.query.all("names").flatMap { $0.split(separator: ",").map(String.init) }
        guard !names.isEmpty else { throw APIError(.badRequest, "names is empty: name the images to save") }
        return try await save(names)
    }

    func save(_ names: [String]) async throws -> Response {
        for name in names { _ = try await engine.images.resolve(name) }
        let spool = try Spool(in: spoolFolder)
        try await engine.images.save(names, to: spool.raw)
        return try spool.response(type: "application/x-tar")
    }

    /// Where long bodies wait: beside the images, as there is room.
    var spoolFolder: String { "\(configuration.data)/tmp" }
}
