import Glibc
import Host
import Logging
import NIOCore
import NIOPosix

/// Accepts connections at one address until it is cancelled.
struct Listener: Sendable {
    /// Connections at once, of all doors of one address; more wait in the kernel's queue.
    static let connectionLimit = 4096
    static let backlog: Int32 = 512

    let address: ListenAddress
    let door: Door
    let logger: Logger

    private let channel: NIOAsyncChannel<Door.Value, Never>

    /// Binds the address. The path of a Unix socket that nobody listens to any more is taken over.
    init(
        _ address: ListenAddress, door: Door, group: any EventLoopGroup, logger: Logger
    ) async throws(DaemonError) {
        self.address = address
        self.door = door
        self.logger = logger
        do {
            channel = try await Self.bind(address, door: door, group: group, logger: logger)
            if case .unix(let path) = address { chmod(path, 0o600) }
        } catch {
            throw DaemonError(.addressInUse, "cannot listen at \(address): \(error)")
        }
    }

    /// The port that a TCP address got.
    var port: Int? { channel.channel.localAddress?.port }

    /// Serves until the task is cancelled; then open connections are closed, too.
    func run() async {
        await withDiscardingTaskGroup { group in
            do {
                try await channel.executeThenClose { connections in
                    for try await connection in connections {
                        group.addTask { await door.handle(value: connection, logger: logger) }
                    }
                }
            } catch is CancellationError {
                logger.debug("stopped listening at \(address)")
            } catch {
                logger.error("stopped listening at \(address): \(error)")
            }
            group.cancelAll()
        }
        if case .unix(let path) = address { unlink(path) }
    }

    private static func bind(
        _ address: ListenAddress, door: Door, group: any EventLoopGroup, logger: Logger
    ) async throws -> NIOAsyncChannel<Door.Value, Never> {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
        let strategy = NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark(
            lowWatermark: 16, highWatermark: 64)
        let setup: @Sendable (any Channel) -> EventLoopFuture<Door.Value> = { channel in
            door.setup(channel: channel, logger: logger)
        }
        switch address {
        case .unix(let path):
            try removeStale(path)
            return try await bootstrap.bind(
                unixDomainSocketPath: path, serverBackPressureStrategy: strategy,
                childChannelInitializer: setup)
        case .tcp(let host, let port):
            return try await bootstrap.bind(
                host: host, port: port, serverBackPressureStrategy: strategy, childChannelInitializer: setup)
        }
    }

    private static func removeStale(_ path: String) throws {
        guard access(path, F_OK) == 0 else { return }
        if (try? UnixSocket.connect(path)) != nil {
            throw DaemonError(.addressInUse, "another daemon answers there")
        }
        unlink(path)
    }
}

/// Where clients find the daemon.
package enum ListenAddress: Equatable, Sendable, CustomStringConvertible {
    case unix(String)
    case tcp(host: String, port: Int)

    /// Parses `unix:///path`, `tcp://host:port` and `tcp://[v6]:port`.
    package init?(_ text: String) {
        if text.hasPrefix("unix://") {
            let path = String(text.dropFirst(7))
            // sockaddr_un holds 107 bytes and a zero.
            guard path.hasPrefix("/"), path.utf8.count <= 107 else { return nil }
            self = .unix(path)
        } else if text.hasPrefix("tcp://") {
            let rest = text.dropFirst(6)
            guard let colon = rest.lastIndex(of: ":"),
                let port = UInt16(rest[rest.index(after: colon)...])
            else { return nil }
            var host = rest[..<colon]
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard !host.isEmpty else { return nil }
            self = .tcp(host: String(host), port: Int(port))
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port):
            host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
        }
    }
}
