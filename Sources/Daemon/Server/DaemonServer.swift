import Engine
import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Both APIs at all the daemon's addresses.
package struct DaemonServer: Sendable {
    private let listeners: [Listener]
    private let group: MultiThreadedEventLoopGroup

    /// An address with what it takes to be let in there.
    package struct Address: Sendable {
        package let listen: ListenAddress
        package let authorization: Authorization
        let tls: NIOSSLContext?

        package init(_ listen: ListenAddress, authorization: Authorization = .trusted) {
            self.listen = listen
            self.authorization = authorization
            tls = nil
        }

        /// TLS where clients show a certificate of the authority in `authority`.
        package init(
            _ listen: ListenAddress, authority: String, certificate: String, key: String
        ) throws(DaemonError) {
            self.listen = listen
            authorization = .trusted
            tls = try ServerTLS.context(authority: authority, certificate: certificate, key: key)
        }
    }

    /// Binds every address; requests are answered from `run` on.
    package init(
        _ addresses: [Address], engine: Engine, configuration: DaemonConfiguration, logger: Logger
    ) async throws(DaemonError) {
        // Two loops carry what one host's clients ask for; the engine does the work.
        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let responder = Self.routes(engine, configuration).buildResponder()
        var listeners: [Listener] = []
        for address in addresses {
            let front = Front(responder: responder, authorization: address.authorization, logger: logger)
            let isUnix = if case .unix = address.listen { true } else { false }
            let door = Door(responder: front.serve, checksPeer: isUnix, tls: address.tls)
            listeners.append(try await Listener(address.listen, door: door, group: group, logger: logger))
        }
        self.listeners = listeners
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

    /// Serves until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { tasks in
            for listener in listeners { tasks.addTask { await listener.run() } }
        }
        try? await group.shutdownGracefully()
    }
}

/// TLS as Docker uses it: both sides show certificates.
enum ServerTLS {
    static func context(
        authority: String, certificate: String, key: String
    ) throws(DaemonError) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate).map(
                NIOSSLCertificateSource.certificate)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
            // A client has no host name to check; its certificate must come from the authority.
            configuration.certificateVerification = .noHostnameVerification
            configuration.minimumTLSVersion = .tlsv12
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw DaemonError(
                .invalid, "cannot use the certificates \(authority), \(certificate) and \(key): \(error)")
        }
    }
}
