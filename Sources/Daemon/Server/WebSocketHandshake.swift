import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// What a client must send to turn a request into a WebSocket (RFC 6455, section 4.2), and what it gets.
enum WebSocketHandshake {
    /// The fields of the `101` that accepts the request.
    ///
    /// - Throws: `badRequest` when the request asks for no WebSocket; `forbidden` when a page of another host sent it.
    static func accept(_ request: Request, over channel: (any Channel)?) async throws(APIError) -> HTTPFields
    {
        guard let channel, request.headers[.upgrade]?.lowercased() == "websocket" else {
            throw APIError(.badRequest, "this is no request for a WebSocket")
        }
        try checkOrigin(request, channel)
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        for field in request.headers { head.headers.add(name: field.name.rawName, value: field.value) }
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        let accepted: HTTPHeaders
        do {
            accepted = try await upgrader.buildUpgradeResponse(
                channel: channel, upgradeRequest: head, initialResponseHeaders: [:]
            ).get()
        } catch {
            throw APIError(.badRequest, "a WebSocket needs its key, and version 13 of the protocol")
        }
        var fields: HTTPFields = [HijackHandler.marker: HijackHandler.webSocket]
        for (name, value) in accepted {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }

    /// A browser lets pages of any host open WebSockets, and proves who its user is. Pages do not reach Unix sockets.
    private static func checkOrigin(_ request: Request, _ channel: any Channel) throws(APIError) {
        switch channel.remoteAddress {
        case .v4, .v6: break
        case .unixDomainSocket, nil: return
        }
        guard let origin = request.headers[.origin],
            let slashes = origin.firstRange(of: "://"), let host = request.head.authority
        else { return }
        guard origin[slashes.upperBound...].lowercased() == host.lowercased() else {
            throw APIError(.forbidden, "\(origin) may not attach to containers of \(host)")
        }
    }
}
