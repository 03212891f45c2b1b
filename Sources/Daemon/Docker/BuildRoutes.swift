import Builder
import Engine
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Images
import Model

/// The classic builder: a tar of the context in, lines of text out.
extension DockerAPI {
    func addBuildRoutes(to router: Routes) {
        router.post("build") { request, _ in
            guard request.query.string("version") != "2" else {
                throw APIError(.badRequest, "BuildKit is not offered: build with DOCKER_BUILDKIT=0")
            }
            return try await build(request, failure: ProgressStream.dockerFailure)
        }
        router.post("build/prune", use: pruneBuildCache)
        // BuildKit speaks gRPC over these; without them clients fall back to the classic builder.
        for path in ["session", "grpc"] {
            router.post(RouterPath(stringLiteral: path)) { _, _ -> Response in
                throw APIError(.notFound, "page not found")
            }
        }
    }

    /// Takes in the context, builds, and answers with what the build says.
    func build(
        _ request: Request, failure: @escaping @Sendable (APIError) -> JSON
    ) async throws -> Response {
        let credentials = try RegistryHeaders.allCredentials(request.headers)
        var asked = try BuildBody.request(request.query, credentials)
        asked.secrets = try BuildHeaders.secrets(request.headers)
        let fixed = asked
        let isQuiet = request.query.bool("q")
        let spool = try await Spool.holding(RequestBytes(request.body), in: spoolFolder)
        return try await ProgressStream.response(failure: failure) { sink in
            var wanted = fixed
            wanted.context = .archive(descriptor: spool.raw)
            let image = try await engine.build(wanted) { event in
                if !isQuiet { BuildBody.lines(of: event).forEach(sink.line) }
            }
            guard isQuiet else { return }
            sink.line(["aux": ["ID": .string(image.id.description)]])
            sink.line(["stream": .string("\(image.id)\n")])
        }
    }

    private func pruneBuildCache(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let report = try await engine.pruneBuildCache(all: request.query.bool("all"))
        return Reply.json([
            "CachesDeleted": .slice(report.removed), "SpaceReclaimed": .int(report.reclaimed),
        ])
    }
}

/// The query of `POST /build`, and what a build says.
enum BuildBody {
    static func request(
        _ query: Query, _ credentials: [String: Credentials]
    ) throws -> BuildRequest {
        guard query.string("remote") == nil else {
            throw APIError(.badRequest, "a remote context is not fetched: send it as the request's body")
        }
        var request = BuildRequest(context: .none)
        request.dockerfile = .path(query.string("dockerfile") ?? "Dockerfile")
        request.target = query.string("target")
        request.arguments = try dictionary(query, "buildargs")
        request.labels = try dictionary(query, "labels")
        request.names = try query.all("t").map { try Reference($0) }
        request.platform = try query.string("platform").map { try Platform($0) }
        request.usesCache = !query.bool("nocache")
        request.pulls = query.bool("pull")
        request.networkMode = query.string("networkmode") ?? "default"
        request.cacheFrom = try list(query, "cachefrom")
        request.extraHosts = query.all("extrahosts").flatMap { $0.split(separator: ",").map(String.init) }
        if let size = try query.integer("shmsize"), size > 0 { request.sharedMemorySize = UInt64(size) }
        request.cgroupParent = query.string("cgroupparent")
        request.resources = try resources(query)
        request.sshAgents = try dictionary(query, "ssh")
        request.credentials = { credentials[$0.registry] }
        return request
    }

    private static func resources(_ query: Query) throws(APIError) -> ContainerResources {
        var resources = ContainerResources()
        func number(_ name: String) throws(APIError) -> Int64? {
            let value = try query.integer(name) ?? 0
            return value == 0 ? nil : Int64(value)
        }
        resources.memory = try number("memory")
        resources.memorySwap = try number("memswap")
        resources.cpuShares = try number("cpushares")
        resources.cpuPeriod = try number("cpuperiod")
        resources.cpuQuota = try number("cpuquota")
        resources.cpusetCPUs = query.string("cpusetcpus")
        resources.cpusetMemoryNodes = query.string("cpusetmems")
        return resources
    }

    /// An object of strings as JSON in one parameter; `null` values take the client's environment, which is not here.
    private static func dictionary(_ query: Query, _ name: String) throws(APIError) -> [String: String] {
        guard let text = query.string(name) else { return [:] }
        let tree = try JSON(parsing: text.utf8)
        let set = JSON.object(tree.fields.filter { !$0.value.isNull })
        return try JSON.object([.init(name: name, value: set)]).dictionary(name)
    }

    private static func list(_ query: Query, _ name: String) throws(APIError) -> [String] {
        guard let text = query.string(name) else { return [] }
        return try JSON.object([.init(name: name, value: try JSON(parsing: text.utf8))]).strings(name)
    }

    static func lines(of event: BuildEvent) -> [JSON] {
        switch event {
        case .pulling(_, let progress): [ProgressLines.json(progress)]
        case .built(let id):
            [
                ["aux": ["ID": .string(id.description)]],
                ["stream": .string("Successfully built \(id.short)\n")],
            ]
        case .step, .cached, .output, .finished, .warning, .tagged:
            event.dockerText.map { [["stream": .string($0)]] } ?? []
        }
    }
}
