import Engine
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Model

/// Copying files into containers and out of them.
extension DockerAPI {
    func addFileRoutes(to router: Routes) {
        router.head("containers/{id}/archive", use: pathStatus)
        router.get("containers/{id}/archive", use: getArchive)
        router.put("containers/{id}/archive", use: putArchive)
        router.get("containers/{id}/export", use: export)
    }

    private static let statusHeader = HTTPField.Name("X-Docker-Container-Path-Stat") ?? .contentType
    private static let tar = "application/x-tar"

    private func path(_ request: Request) throws(APIError) -> String {
        guard let path = request.query.string("path") else {
            throw APIError(.badRequest, "path cannot be empty")
        }
        return path
    }

    private func pathStatus(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let status = try await engine.pathStatus(instance.id.text, path: path(request))
        return Response(status: .ok, headers: [Self.statusHeader: Self.text(status)])
    }

    private func getArchive(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let (status, tar) = try await engine.archive(instance.id.text, path: path(request))
        var response = Reply.bytes(tar, type: Self.tar)
        response.headers[Self.statusHeader] = Self.text(status)
        return response
    }

    private func putArchive(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let query = request.query
        try await engine.unpack(
            instance.id.text, path: path(request), tar: RequestBytes(request.body).stream,
            keepsKinds: query.bool("noOverwriteDirNonDir"), keepsOwners: query.bool("copyUIDGID"))
        return Response(status: .ok)
    }

    private func export(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        return Reply.bytes(try await engine.export(instance.id.text), type: "application/octet-stream")
    }

    /// JSON in base 64.
    static func text(_ status: PathStatus) -> String {
        let json: JSON = [
            "name": .string(status.name), "size": .int(status.size),
            "mode": .int(GoFileMode(status.mode).bits),
            "mtime": .string(Timestamp.text(status.modified)), "linkTarget": .string(status.linkTarget),
        ]
        return Data(json.text).base64EncodedString()
    }
}

/// Go's `os.FileMode`, which has bits of its own for the kinds of files.
struct GoFileMode {
    let bits: UInt32

    /// - Parameter mode: `st_mode`.
    init(_ mode: UInt32) {
        let kind: UInt32 =
            switch mode & 0o170000 {
            case 0o040000: 1 << 31
            case 0o120000: 1 << 27
            case 0o060000: 1 << 26
            case 0o020000: 1 << 26 | 1 << 21
            case 0o010000: 1 << 25
            case 0o140000: 1 << 24
            default: 0
            }
        let sticky: UInt32 = mode & 0o1000 != 0 ? 1 << 20 : 0
        let setGroup: UInt32 = mode & 0o2000 != 0 ? 1 << 22 : 0
        let setUser: UInt32 = mode & 0o4000 != 0 ? 1 << 23 : 0
        bits = kind | sticky | setGroup | setUser | (mode & 0o777)
    }
}
