import FoundationEssentials
import Glibc
import Host
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Images

/// A registry on the loopback that answers as a test tells it to.
final class ScriptedRegistry: Sendable {
    struct Answer: Sendable {
        var status = HTTPResponseStatus.ok
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        /// Bytes of the body after which the connection breaks; `nil` sends all.
        var breaksAfter: Int?
        /// Whether the answer never comes.
        var hangs = false
        /// The body's bytes from `after` on are held back until `until` is true.
        var hold: (after: Int, until: @Sendable () -> Bool)?
    }

    struct Request: Sendable {
        let method: HTTPMethod
        let path: String
        let headers: HTTPHeaders
    }

    typealias Script = @Sendable (Request) -> Answer

    private let channel: any Channel
    var port: Int { channel.localAddress?.port ?? 0 }

    init(_ script: @escaping Script) throws {
        let log = Log()
        channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(script: script, log: log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        requests = log
    }

    final class Log: Sendable { let lines = Mutex<[Request]>([]) }
    let requests: Log

    deinit { channel.close(promise: nil) }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        let script: Script
        let log: Log
        var head: HTTPRequestHead?

        init(script: @escaping Script, log: Log) {
            self.script = script
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body: break
            case .end:
                guard let head else { return }
                let request = Request(method: head.method, path: head.uri, headers: head.headers)
                log.lines.withLock { $0.append(request) }
                send(script(request), context)
            }
        }

        func send(_ answer: Answer, _ context: ChannelHandlerContext) {
            if answer.hangs { return }
            var headers = HTTPHeaders(answer.headers)
            if !headers.contains(name: "content-length") {
                headers.add(name: "content-length", value: "\(answer.body.count)")
            }
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: answer.status, headers: headers))),
                promise: nil)
            if let hold = answer.hold { return release(answer, hold, from: 0, context) }
            let body = answer.breaksAfter.map { Array(answer.body.prefix($0)) } ?? answer.body
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            if answer.breaksAfter != nil {
                context.close(promise: nil)
            } else {
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        /// Sends what may be sent, and looks again until that is everything.
        private func release(
            _ answer: Answer, _ hold: (after: Int, until: @Sendable () -> Bool), from start: Int,
            _ context: ChannelHandlerContext
        ) {
            guard context.channel.isActive else { return }
            let isFree = hold.until()
            let part = answer.body[start..<max(start, isFree ? answer.body.count : hold.after)]
            if !part.isEmpty {
                context.writeAndFlush(
                    wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: part)))), promise: nil)
            }
            if isFree { return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil) }
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(2)) {
                let (handler, context) = bound.value
                handler.release(answer, hold, from: part.endIndex, context)
            }
        }
    }
}

/// An image as a registry serves it.
struct ServedImage: Sendable {
    let layers: [[UInt8]]
    let diffIDs: [Digest]
    let configuration: [UInt8]
    let manifest: [UInt8]
    var layer: [UInt8] { layers[0] }
    var layerDigest: Digest { Digest.of(layer) }

    init(_ files: [String: String] = ["a": "1"], size: Int64? = nil, diffID: Digest? = nil) throws {
        try self.init(tars: [try Archive.of(files)], size: size, diffID: diffID)
    }

    init(tars: [[UInt8]], size: Int64? = nil, diffID: Digest? = nil) throws {
        layers = try tars.map(Archive.gzip)
        diffIDs = diffID.map { [$0] } ?? tars.map(Digest.of)
        var value = ImageConfiguration()
        value.rootfs.diffIDs = diffIDs
        configuration = try Document.encode(value)
        manifest = try Document.encode(
            Manifest(
                config: Descriptor(
                    mediaType: MediaType.ociConfiguration, digest: Digest.of(configuration),
                    size: Int64(configuration.count)),
                layers: layers.map { layer in
                    Descriptor(
                        mediaType: MediaType.ociLayerGzip, digest: Digest.of(layer),
                        size: size ?? Int64(layer.count))
                }))
    }

    func answer(_ request: ScriptedRegistry.Request) -> ScriptedRegistry.Answer {
        if request.path == "/v2/" { return .init() }
        if request.path.contains("/manifests/") {
            return .init(headers: [("content-type", MediaType.ociManifest)], body: manifest)
        }
        for blob in layers + [configuration] where request.path.hasSuffix(Digest.of(blob).hex) {
            return .init(body: blob)
        }
        return .init(
            status: .notFound, body: Array(#"{"errors":[{"code":"X","message":"gone\u001b[31m"}]}"#.utf8))
    }
}

struct RegistryTests {
    /// `stallTimeout`: seconds. Only a test of a silent registry wants few: a busy host is silent for longer.
    static func store(_ path: String, stallTimeout: Double = 600) throws -> ImageStore {
        var settings = RegistrySettings()
        settings.retryPause = 0.01
        settings.retries = 2
        settings.stallTimeout = stallTimeout
        return try ImageStore(data: path, registries: settings)
    }

    static let anonymous = Credentials(username: "", password: "")

    static func pull(
        _ script: @escaping ScriptedRegistry.Script, into scratch: ScratchFolder, name: String = "app:1",
        credentials: Credentials = anonymous, stallTimeout: Double = 600
    ) async throws -> (Image, ImageStore, ScriptedRegistry) {
        let registry = try ScriptedRegistry(script)
        let store = try store(scratch("data"), stallTimeout: stallTimeout)
        let reference = try Reference("127.0.0.1:\(registry.port)/\(name)")
        return (try await store.pull(reference, credentials: credentials), store, registry)
    }

    @Test func anImageIsPulled() async throws {
        let scratch = try ScratchFolder()
        let served = try ServedImage()
        let (image, store, _) = try await Self.pull({ served.answer($0) }, into: scratch)
        #expect(
            image.id == Digest.of(served.configuration) && image.manifestDigest == Digest.of(served.manifest))
        let folders = try await store.layers(of: image).folders
        #expect(try readFile("\(folders[0])/a") == Array("1".utf8))
    }

    @Test func aBrokenTransferGoesOnWhereItBroke() async throws {
        let scratch = try ScratchFolder()
        var generator = SeededGenerator(seed: 3)
        let noise = String(
            decoding: (0..<200_000).map { _ in UInt8.random(in: 33...126, using: &generator) }, as: UTF8.self)
        let served = try ServedImage(["noise": noise])
        let (_, _, registry) = try await Self.pull(
            { request in
                guard request.path.hasSuffix(served.layerDigest.hex) else { return served.answer(request) }
                guard let range = request.headers.first(name: "range") else {
                    return .init(body: served.layer, breaksAfter: 70_000)
                }
                let start = Int(range.dropFirst(6).dropLast()) ?? 0
                return .init(
                    status: .partialContent,
                    headers: [
                        ("content-range", "bytes \(start)-\(served.layer.count - 1)/\(served.layer.count)")
                    ],
                    body: Array(served.layer[start...]))
            }, into: scratch)
        let ranges = registry.requests.lines.withLock { $0.compactMap { $0.headers.first(name: "range") } }
        #expect(ranges.count == 1)
    }

    @Test(arguments: [
        "not found", "denied", "other bytes", "too long", "too short", "other diff id", "other manifest",
        "garbage",
        "hangs", "broken", "server error", "redirects", "endless manifest",
    ])
    func aRegistryThatMisbehavesIsAClearError(kind: String) async throws {
        let scratch = try ScratchFolder()
        let served = try ServedImage(
            size: kind == "too long" ? 10 : kind == "too short" ? 100_000 : nil,
            diffID: kind == "other diff id" ? Digest.of([1]) : nil)
        let script: ScriptedRegistry.Script = { request in
            let isLayer = request.path.hasSuffix(served.layerDigest.hex)
            let isManifest = request.path.contains("/manifests/")
            var answer = served.answer(request)
            switch kind {
            case "not found" where isManifest: answer = .init(status: .notFound)
            case "denied" where request.path != "/v2/": answer = .init(status: .forbidden)
            case "other bytes" where isLayer: answer.body[answer.body.count - 1] ^= 1
            case "other manifest" where isManifest:
                answer.headers.append(("docker-content-digest", Digest.of([]).description))
            case "garbage" where isManifest: answer.body = [0, 1, 2, 0xff]
            case "hangs" where isLayer: answer.hangs = true
            case "broken" where isLayer: answer.breaksAfter = 0
            case "server error" where isManifest: answer = .init(status: .badGateway)
            case "redirects" where isManifest:
                answer = .init(status: .found, headers: [("location", request.path)])
            case "endless manifest" where isManifest: answer.body = [UInt8](repeating: 0x20, count: 5 << 20)
            default: break
            }
            return answer
        }
        let error = await #expect(throws: ImageError.self) {
            try await Self.pull(script, into: scratch, stallTimeout: kind == "hangs" ? 1 : 600)
        }
        let kinds: [String: ImageError.Kind] = [
            "not found": .notFound, "denied": .unauthorized, "other bytes": .corrupt, "too long": .corrupt,
            "other diff id": .corrupt, "other manifest": .corrupt, "garbage": .invalid,
        ]
        #expect(error?.kind == kinds[kind] ?? .unavailable, "\(error?.description ?? "")")
        let store = try await StoreTests.reopen(scratch("data"))
        #expect(try await store.list().isEmpty)
        _ = try await store.collectGarbage()
        #expect(Folder.names(in: scratch("data/layers")).isEmpty)
        #expect(Folder.names(in: scratch("data/content/blobs/sha256")).isEmpty)
        #expect(Folder.names(in: scratch("data/content/ingest")).isEmpty)
    }

    @Test func aRegistryThatIsDownIsSaidToBe() async throws {
        let scratch = try ScratchFolder()
        let store = try Self.store(scratch("data"))
        let error = await #expect(throws: ImageError.self) {
            try await store.pull(try Reference("127.0.0.1:1/app:1"), credentials: Self.anonymous)
        }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("127.0.0.1:1") == true)
    }

    @Test func tokensAreFetchedAndSent() async throws {
        let scratch = try ScratchFolder()
        let served = try ServedImage()
        let credentials = Credentials(username: "me", password: "secret")
        let (_, _, registry) = try await Self.pull(
            { request in
                let host = request.headers.first(name: "host") ?? ""
                if request.path.hasPrefix("/token") {
                    guard request.headers.first(name: "authorization") == credentials.basicHeader,
                        request.path.contains("scope=repository%3Aapp%3Apull")
                    else { return .init(status: .unauthorized) }
                    return .init(body: Array(#"{"token":"abc"}"#.utf8))
                }
                if request.headers.first(name: "authorization") == "Bearer abc" {
                    return served.answer(request)
                }
                let challenge =
                    #"Bearer realm="http://\#(host)/token",service="reg",scope="repository:app:pull""#
                return .init(status: .unauthorized, headers: [("www-authenticate", challenge)])
            }, into: scratch, credentials: credentials)
        let tokens = registry.requests.lines.withLock { $0.filter { $0.path.hasPrefix("/token") }.count }
        #expect(tokens == 1)
    }

    @Test func anotherHostGetsNoCredentials() async throws {
        let scratch = try ScratchFolder()
        let served = try ServedImage()
        let storage = try ScriptedRegistry { request in
            request.headers.contains(name: "authorization")
                ? .init(status: .badRequest) : served.answer(request)
        }
        let port = storage.port
        let credentials = Credentials(username: "me", password: "secret")
        _ = try await Self.pull(
            { request in
                guard request.headers.first(name: "authorization") == credentials.basicHeader else {
                    return .init(status: .unauthorized, headers: [("www-authenticate", "Basic realm=x")])
                }
                guard request.path.contains("/blobs/") else { return served.answer(request) }
                let location = "http://127.0.0.1:\(port)\(request.path)"
                return .init(status: .temporaryRedirect, headers: [("location", location)])
            }, into: scratch, credentials: credentials)
    }
}
