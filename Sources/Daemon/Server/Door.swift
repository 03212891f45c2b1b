import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOSSL

/// One kind of connection: how it is checked, and how HTTP is spoken over it.
///
/// Hummingbird's own channel for HTTP/1 has no place where a route could take over its connection
/// (`docs/adr/0021-http-server.md`); the loop over requests is Hummingbird's.
struct Door: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: Responder
    /// Connections of other users are closed without an answer.
    let admission: Admission

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            if let tls = admission.tls {
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
            }
            try HTTPCodecs.add(to: channel.pipeline)
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async {
        if admission.checksPeer, !(await PeerCredentials.mayEnter(value.channel)) {
            // A client that only looked whether somebody listens has gone before it could be asked who it is.
            if value.channel.isActive { logger.warning("closed a connection of another user") }
            try? await value.channel.close()
            return
        }
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}

/// Who is at the other end of a Unix socket.
enum PeerCredentials {
    /// `struct ucred` of unix(7).
    private struct Credentials: Sendable {
        let pid: Int32
        let uid: UInt32
        let gid: UInt32
    }

    /// Only the user that the daemon runs as, and root, are let in.
    static func mayEnter(_ channel: any Channel) async -> Bool {
        guard let options = channel as? any SocketOptionProvider else { return false }
        let peer: Credentials? = try? await options.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SO_PEERCRED)
        ).get()
        guard let peer else { return false }
        return peer.uid == geteuid() || peer.uid == 0
    }
}
