import NIOCore
import NIOHTTPTypes
import NIOWebSocket

/// Frames of a WebSocket in the guise of body parts, for a route that took its connection over.
///
/// Output goes in binary frames, as Docker sends it. A client that closes the WebSocket has left.
final class WebSocketCodec: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = WebSocketFrame

    /// Bytes of the longest frame that a client may send.
    static let longestFrame = 1 << 20

    private var isClosing = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        // RFC 6455, section 5.1.
        guard frame.maskKey != nil else { return close(.protocolError, context) }
        switch frame.opcode {
        case .text, .binary, .continuation:
            if frame.length > 0 { context.fireChannelRead(wrapInboundOut(.body(frame.unmaskedData))) }
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .pong: break
        case .connectionClose: close(.normalClosure, context)
        default: close(.protocolError, context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .body(let bytes) where !isClosing && bytes.readableBytes > 0:
            let frame = WebSocketFrame(fin: true, opcode: .binary, data: bytes)
            context.write(wrapOutboundOut(frame), promise: promise)
        case .end where !isClosing:
            isClosing = true
            context.write(wrapOutboundOut(Self.closing(.normalClosure)), promise: promise)
        default: promise?.succeed()
        }
    }

    /// Ends the connection, after saying why unless that was said.
    private func close(_ reason: WebSocketErrorCode, _ context: ChannelHandlerContext) {
        let channel = context.channel
        guard !isClosing else { return channel.close(promise: nil) }
        isClosing = true
        context.writeAndFlush(wrapOutboundOut(Self.closing(reason))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    private static func closing(_ reason: WebSocketErrorCode) -> WebSocketFrame {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: reason)
        return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    }
}
