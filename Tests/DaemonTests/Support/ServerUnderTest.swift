import Engine
import Foundation
import Hummingbird
import Logging
import NIOPosix

@testable import Daemon

/// Both APIs at a socket of their own, with an engine on an empty folder.
final class ServerUnderTest: Sendable {
    let folder: URL
    let socket: String
    let engine: Engine
    private let serving: Task<Void, Never>

    init() async throws {
        folder = URL(filePath: "/tmp/viv-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let data = folder.appending(path: "data").path()
        let run = folder.appending(path: "run").path()
        socket = folder.appending(path: "d.sock").path()
        engine = try await Engine(configuration: EngineConfiguration(data: data, run: run))
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = try await DaemonServer(
            [GuardedAddress(.unix(socket), .peer)], engine: engine,
            configuration: DaemonConfiguration(data: data, run: run, isRootless: false), logger: logger)
        serving = Task { await server.run() }
    }

    func client(patience: Int = 20) throws -> RawClient { try RawClient(socket, patience: patience) }

    /// One request over a connection of its own.
    func ask(
        _ method: String, _ path: String, body: String? = nil, headers: [String] = []
    ) throws -> RawClient.Answer {
        try client().ask(method, path, body: body, headers: headers)
    }

    func json(_ method: String, _ path: String, body: String? = nil) throws -> JSON {
        try JSON(parsing: ask(method, path, body: body).body)
    }

    func end() async {
        serving.cancel()
        await serving.value
        await engine.shutDown()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs `body` against a fresh server and ends it whatever happens.
    static func with(_ body: @escaping @Sendable (ServerUnderTest) throws -> Void) async throws {
        let server = try await ServerUnderTest()
        let result = await blocking { try body(server) }
        await server.end()
        try result.get()
    }
}

/// Runs what blocks on a thread of its own: the few threads of the pool belong to the server.
func blocking(_ body: @escaping @Sendable () throws -> Void) async -> Result<Void, any Error> {
    await withCheckedContinuation { continuation in
        Foundation.Thread.detachNewThread { continuation.resume(returning: Result(catching: body)) }
    }
}

/// One route behind the door, without an engine.
final class DoorUnderTest: Sendable {
    let socket: String
    private let serving: Task<Void, Never>

    init(
        _ guardian: Guardian = .peer, _ add: (Router<DaemonContext>) -> Void
    ) async throws {
        socket = "/tmp/viv-\(UUID().uuidString.prefix(8)).sock"
        let router = Router(context: DaemonContext.self)
        add(router)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let admission = try Admission(guardian)
        let front = Front(responder: router.buildResponder(), admission: admission, logger: logger)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let listener = try await Listener(
            .unix(socket), door: Door(responder: front.serve, admission: admission), group: group,
            logger: logger)
        serving = Task {
            await listener.run()
            try? await group.shutdownGracefully()
        }
    }

    func end() async {
        serving.cancel()
        await serving.value
    }
}
