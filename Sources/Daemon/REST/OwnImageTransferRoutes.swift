import Engine
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Images
import Model

/// Images on their way. Progress comes as lines of JSON; the last one names the image or tells the error.
extension OwnAPI {
    func addImageTransferRoutes(to routes: Routes) {
        routes.post("images/pull", use: pull)
        routes.post("images/push", use: push)
        routes.post("images/load", use: load)
        routes.get("images/save") { request, _ in
            let names = request.query.all("name")
            guard !names.isEmpty else { throw APIError(.badRequest, "the parameter name is missing") }
            return try await docker.save(names)
        }
        routes.post("images/import", use: importTree)
        routes.post("images/build") { request, _ in
            try await docker.build(request, failure: Self.failure)
        }
        routes.post("images/build-base", use: buildBase)
    }

    static let failure: @Sendable (APIError) -> JSON = { error in
        ["error": ["kind": .string(error.kind), "message": .string(error.message)]]
    }

    private func pull(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        let reference = try Reference(query.required("reference"))
        let platform = try query.string("platform").map { try Platform($0) }
        let credentials = try RegistryHeaders.credentials(request.headers)
        return try await ProgressStream.response(failure: Self.failure) { sink in
            let lines = ProgressLines(sink)
            let image = try await engine.images.pull(
                reference, platform: platform, credentials: credentials, progress: lines.take)
            await engine.record(
                .image, "pull", actor: reference.familiar,
                attributes: ["name": reference.familiarRepository])
            sink.line(["image": .string(image.id.description)])
        }
    }

    private func push(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let reference = try Reference(request.query.required("reference"))
        let credentials = try RegistryHeaders.credentials(request.headers)
        return try await ProgressStream.response(failure: Self.failure) { sink in
            let lines = ProgressLines(sink)
            let digest = try await engine.images.push(
                reference, credentials: credentials, progress: lines.take)
            await engine.record(
                .image, "push", actor: reference.familiar,
                attributes: ["name": reference.familiarRepository])
            sink.line(["digest": .string(digest.description)])
        }
    }

    private func load(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let spool = try await Spool.holding(RequestBytes(request.body), in: docker.spoolFolder)
        return try await ProgressStream.response(failure: Self.failure) { sink in
            let lines = ProgressLines(sink)
            for image in try await engine.images.load(from: spool.raw, progress: lines.take) {
                await engine.record(.image, "load", actor: image.id.description)
                sink.line(["image": .string(image.id.description), "tags": .strings(image.tags)])
            }
        }
    }

    private func importTree(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let reference = try request.query.string("reference").map { try Reference($0) }
        let spool = try await Spool.holding(RequestBytes(request.body), in: docker.spoolFolder)
        let image = try await engine.images.importTree(
            from: spool.raw, as: reference, message: request.query.string("message"))
        await engine.record(.image, "import", actor: image.id.description)
        return Reply.json(["image": .string(image.id.description)], status: .created)
    }

    private func buildBase(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        let name = try query.required("name")
        let reference = try query.string("reference").map { try Reference($0) }
        return try await ProgressStream.response(failure: Self.failure) { sink in
            let lines = ProgressLines(sink)
            let image = try await engine.images.buildBase(name, as: reference, progress: lines.take)
            sink.line(["image": .string(image.id.description)])
        }
    }
}
