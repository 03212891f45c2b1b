import Engine
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Model

/// What the daemon is, and what happens in it.
extension DockerAPI {
    func addSystemRoutes(to router: Routes) {
        router.get("_ping", use: ping)
        router.head("_ping", use: ping)
        router.get("version", use: version)
        router.get("info", use: info)
        router.get("events", use: events)
        router.get("system/df", use: diskUsage)
        router.post("auth", use: auth)
        router.get("plugins") { _, _ in Reply.json([]) }
    }

    private func ping(_ request: Request, _ context: DaemonContext) async throws -> Response {
        var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8"]
        headers[.cacheControl] = "no-cache, no-store, must-revalidate"
        for (name, value) in Self.pingHeaders { HTTPField.Name(name).map { headers[$0] = value } }
        return Response(
            status: .ok, headers: headers,
            body: request.method == .head ? .init() : .init(byteBuffer: .init(string: "OK")))
    }

    /// `Builder-Version: 1` keeps clients from trying BuildKit.
    private static let pingHeaders = [
        ("Api-Version", DockerVersion.newest.description), ("Builder-Version", "1"),
        ("Docker-Experimental", "false"), ("Ostype", "linux"), ("Swarm", "inactive"),
        ("Pragma", "no-cache"),
    ]

    private func version(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let info = try await engine.systemInfo()
        let details: JSON = [
            "ApiVersion": .string(DockerVersion.newest.description),
            "Arch": .string(info.architecture.goName),
            "BuildTime": "", "Experimental": "false", "GitCommit": "", "GoVersion": "",
            "KernelVersion": .string(info.kernel),
            "MinAPIVersion": .string(DockerVersion.oldest.description), "Os": "linux",
        ]
        return Reply.json([
            "Platform": ["Name": "Vivarium"],
            "Components": [
                ["Name": "Engine", "Version": .string(Build.version), "Details": details]
            ],
            "Version": .string(Build.version), "ApiVersion": .string(DockerVersion.newest.description),
            "MinAPIVersion": .string(DockerVersion.oldest.description), "GitCommit": "", "GoVersion": "",
            "Os": "linux", "Arch": .string(info.architecture.goName), "KernelVersion": .string(info.kernel),
            "BuildTime": "",
        ])
    }

    private func info(_ request: Request, _ context: DaemonContext) async throws -> Response {
        Reply.json(InfoShape.json(try await engine.systemInfo(), configuration))
    }

    private func events(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        let events = try await engine.events(
            since: query.time("since"), until: query.time("until"), filters: query.filters())
        return Reply.stream(type: "application/json") { writer in
            for await event in events { try await writer.write(line: EventShape.json(event)) }
        }
    }

    /// Credentials are tried at the registry; keeping them is the client's.
    private func auth(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let body = try await request.json()
        guard let credentials = try RegistryHeaders.credentials(body) else {
            throw APIError(.badRequest, "username is empty")
        }
        let server = try body.string("serveraddress") ?? "docker.io"
        try await engine.images.tryLogin(RegistryHeaders.host(server), credentials)
        return Reply.json(["Status": "Login Succeeded", "IdentityToken": ""])
    }

    private func diskUsage(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let usage = try await engine.diskUsage()
        let wanted = Set(request.query.all("type"))
        func shown(_ type: String) -> Bool { wanted.isEmpty || wanted.contains(type) }
        var containers: [JSON] = []
        if shown("container") {
            for instance in try await engine.list(all: true) {
                guard let spec = instance.containerSpec else { continue }
                let size = try? await engine.size(instance.id.text)
                containers.append(ContainerListShape.json(instance, spec, size: size))
            }
        }
        let images = shown("image") ? try await imageList(all: false, filters: Filters()) : []
        let volumes = shown("volume") ? try await volumeUsage(usage) : []
        return Reply.json([
            "LayersSize": .int(usage.layers), "Images": .array(images), "Containers": .array(containers),
            "Volumes": .array(volumes),
            "BuildCache": .array(shown("build-cache") ? usage.buildCache.map(Self.cacheJSON) : []),
            "BuilderSize": .int(usage.buildCache.reduce(0) { $0 &+ $1.size }),
        ])
    }

    private func volumeUsage(_ usage: DiskUsage) async throws -> [JSON] {
        let sizes = Dictionary(usage.volumes.map { ($0.name, $0) }) { first, _ in first }
        return try await engine.volumes().map { volume in
            let item = sizes[volume.name]
            return VolumeShape.json(volume).adding([
                "UsageData": [
                    "Size": .int(item?.size ?? 0), "RefCount": .int(item?.isInUse == true ? 1 : 0),
                ]
            ])
        }
    }

    private static func cacheJSON(_ item: DiskUsage.Item) -> JSON {
        [
            "ID": .string(item.id), "Type": "regular", "Description": .string(item.name),
            "InUse": .bool(item.isInUse), "Shared": false, "Size": .int(item.size),
            "CreatedAt": .string(Timestamp.text(item.created)), "LastUsedAt": .null, "UsageCount": 0,
            "Parents": .null,
        ]
    }
}

/// An event as `GET /events` shows it.
enum EventShape {
    static func json(_ event: Event) -> JSON {
        let seconds = event.time / 1_000_000_000
        var fields: JSON = [:]
        if event.subject == .container || event.subject == .image {
            fields = ["status": .string(event.action), "id": .string(event.actor)]
            if event.subject == .container, let image = event.attributes["image"] {
                fields = fields.adding(["from": .string(image)])
            }
        }
        return fields.adding([
            "Type": .string(event.subject.rawValue), "Action": .string(event.action),
            "Actor": ["ID": .string(event.actor), "Attributes": .map(event.attributes)],
            "scope": "local", "time": .int(seconds), "timeNano": .int(event.time),
        ])
    }
}

extension String {
    /// What Go calls a processor's architecture.
    var goName: String {
        switch self {
        case "x86_64": "amd64"
        case "aarch64": "arm64"
        default: self
        }
    }
}
