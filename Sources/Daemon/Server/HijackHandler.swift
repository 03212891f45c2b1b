import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOWebSocket

/// Lets a route keep its connection: after the response head, both directions carry plain bytes.
///
/// Docker's `attach` and `exec` need this in two forms: answered by `101` when the client asks `Upgrade: tcp`, and by
/// `200` without any framing when it does not. A request that may be hijacked keeps its body open: where the body
/// ends, the route reads one empty buffer; what it reads after its response head are the bytes of the stream, and the
/// end of the body means that the client will send no more.
final class HijackHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// A response head with this field is the start of a stream; it never reaches the client.
    static let marker = HTTPField.Name("x-viv-hijack") ?? .upgrade
    /// The marker's value where the stream goes in the frames of a WebSocket.
    static let webSocket = "websocket"

    /// How long a client may hold a stream open that has ended on our side.
    static let lingering = TimeAmount.seconds(5)

    private enum Phase {
        case ordinary
        /// The body of a request that may be hijacked still comes.
        case reading
        /// That body has ended, the route decides.
        case deciding
        case hijacked
    }

    private var phase = Phase.ordinary
    /// The decoder stops at a request that asks for an upgrade: nothing can follow it on this connection.
    private var isLastRequest = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch part {
        case .head(let head):
            began(head, context: context)
            context.fireChannelRead(data)
        case .end where phase == .reading:
            phase = .deciding
            context.fireChannelRead(wrapInboundOut(.body(ByteBuffer())))
        default:
            context.fireChannelRead(data)
        }
    }

    private func began(_ head: HTTPRequest, context: ChannelHandlerContext) {
        isLastRequest = head.headerFields[.upgrade] != nil
        phase = HijackedRoutes.contains(head) ? .reading : .ordinary
        if head.headerFields[.expect]?.lowercased() == "100-continue" {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational || head.status.code == 101:
            if let form = head.headerFields[Self.marker] {
                head.headerFields[Self.marker] = nil
                hijack(
                    head, asWebSocket: form == Self.webSocket, context: context, promise: promise)
            } else {
                refuse(&head, context: context)
                context.write(wrapOutboundOut(.head(head)), promise: promise)
            }
        case .end where phase == .hijacked:
            context.writeAndFlush(data, promise: promise)
            closeLater(context)
        case .end where isLastRequest:
            let channel = context.channel
            context.writeAndFlush(data).whenComplete { _ in channel.close(promise: nil) }
            promise?.succeed()
        default:
            context.write(data, promise: promise)
        }
    }

    /// An ordinary answer: the request ends where it ended.
    private func refuse(_ head: inout HTTPResponse, context: ChannelHandlerContext) {
        if isLastRequest { head.headerFields[.connection] = "close" }
        let hasEnded = phase == .deciding
        phase = .ordinary
        if hasEnded { context.fireChannelRead(wrapInboundOut(.end(nil))) }
    }

    /// Takes HTTP out of the pipeline. The decoder goes last, as it hands on the bytes that it holds when it leaves.
    private func hijack(
        _ head: HTTPResponse, asWebSocket: Bool, context: ChannelHandlerContext,
        promise: EventLoopPromise<Void>?
    ) {
        phase = .hijacked
        do {
            try HTTPCodecs.remove(from: context.pipeline)
            context.writeAndFlush(NIOAny(ByteBuffer(string: Self.text(of: head))), promise: promise)
            let codecs = asWebSocket ? Self.frames() : [StreamCodec()]
            try context.pipeline.syncOperations.addHandlers(codecs, position: .before(self))
            HTTPCodecs.removeDecoder(from: context.pipeline)
        } catch {
            context.close(promise: nil)
        }
    }

    private static func frames() -> [any ChannelHandler] {
        let decoder = WebSocketFrameDecoder(maxFrameSize: WebSocketCodec.longestFrame)
        return [
            WebSocketFrameEncoder(), ByteToMessageHandler(decoder), WebSocketProtocolErrorHandler(),
            WebSocketCodec(),
        ]
    }

    private func closeLater(_ context: ChannelHandlerContext) {
        let channel = context.channel
        channel.close(mode: .output, promise: nil)
        context.eventLoop.scheduleTask(in: Self.lingering) { channel.close(promise: nil) }
    }

    private static func text(of head: HTTPResponse) -> String {
        let reason = head.status.code == 101 ? "UPGRADED" : head.status.reasonPhrase
        let fields = head.headerFields.map { "\($0.name.rawName): \($0.value)\r\n" }.joined()
        return "HTTP/1.1 \(head.status.code) \(reason)\r\n\(fields)\r\n"
    }
}

/// Plain bytes in the guise of body parts, for a route that took its connection over.
final class StreamCodec: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(wrapInboundOut(.body(unwrapInboundIn(data))))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .body(let bytes) = unwrapOutboundIn(data) else {
            promise?.succeed()
            return
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }
}
