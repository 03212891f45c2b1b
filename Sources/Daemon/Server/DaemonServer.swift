import Engine
import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Both APIs at all the daemon's addresses.
package struct DaemonServer: Sendable {
    private let listeners: [Listener]
    private let guards: [Admission]
    private let group: MultiThreadedEventLoopGroup
    private let logger: Logger

    /// Binds every address; requests are answered from `run` on.
    package init(
        _ addresses: [GuardedAddress], engine: Engine, configuration: DaemonConfiguration, logger: Logger
    ) async throws(DaemonError) {
        // Two loops carry what one host's clients ask for; the engine does the work.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let responder = Self.routes(engine, configuration).buildResponder()
        var listeners: [Listener] = []
        var guards: [Admission] = []
        for guarded in addresses {
            let admission = try Admission(guarded.guardian)
            let front = Front(responder: responder, admission: admission, logger: logger)
            let door = Door(responder: front.serve, admission: admission)
            listeners.append(
                try await Listener(guarded.address, door: door, group: group, logger: logger))
            guards.append(admission)
        }
        self.listeners = listeners
        self.guards = guards
        self.group = group
        self.logger = logger
    }

    /// The ports of the TCP addresses, in order.
    package var ports: [Int] { listeners.compactMap(\.port) }

    /// Every route of both APIs.
    static func routes(_ engine: Engine, _ configuration: DaemonConfiguration) -> Router<DaemonContext> {
        let router = Router(context: DaemonContext.self)
        let docker = DockerAPI(engine: engine, configuration: configuration)
        docker.addRoutes(to: router)
        OwnAPI(engine: engine, docker: docker).addRoutes(to: router)
        return router
    }

    /// Reads certificates and tokens again; what cannot be read leaves the old ones in force.
    package func reload() {
        for admission in guards {
            do throws(DaemonError) {
                try admission.reload()
            } catch {
                logger.error("kept what was in force: \(error)")
            }
        }
    }

    /// Serves until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { tasks in
            for listener in listeners { tasks.addTask { await listener.run() } }
        }
        try? await group.shutdownGracefully()
    }
}
