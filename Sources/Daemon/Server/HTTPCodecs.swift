import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// The handlers that make HTTP of bytes, and how they leave the pipeline again.
enum HTTPCodecs {
    private typealias Decoder = ByteToMessageHandler<HTTPRequestDecoder>

    /// A header field, and all of a request's together, may be this long in bytes.
    static let headerLimit = 64 << 10
    static let headerCountLimit = 200

    static func add(to pipeline: ChannelPipeline) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = headerLimit
        limits.maxHeaderListSize = headerLimit
        limits.maxHeaderFieldCount = headerCountLimit
        let decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .drop,
            limitConfiguration: limits)
        try pipeline.syncOperations.addHandlers([
            HTTPResponseEncoder(), ByteToMessageHandler(decoder), HTTP1ToHTTPServerCodec(secure: false),
            HijackHandler(), Departure(),
        ])
    }

    /// Removes all but the decoder.
    static func remove(from pipeline: ChannelPipeline) throws {
        let operations = pipeline.syncOperations
        operations.removeHandler(try operations.handler(type: HTTP1ToHTTPServerCodec.self), promise: nil)
        operations.removeHandler(try operations.handler(type: HTTPResponseEncoder.self), promise: nil)
    }

    /// Removes the decoder in the loop's next turn; the bytes it holds go to the handler behind it, which is told that
    /// no more come with them.
    static func removeDecoder(from pipeline: ChannelPipeline) {
        let operations = pipeline.syncOperations
        guard let decoder = try? operations.handler(type: Decoder.self) else { return }
        operations.removeHandler(decoder).whenComplete { _ in pipeline.fireChannelReadComplete() }
    }
}

/// Requests whose connection a route may take over.
enum HijackedRoutes {
    static func contains(_ head: HTTPRequest) -> Bool {
        guard let path = head.path?.prefix(while: { $0 != "?" }) else { return false }
        let parts = path.split(separator: "/")
        switch (head.method, parts.dropLast(2).last, parts.last) {
        case (.post, "containers", "attach"), (.post, "instances", "attach"), (.post, "exec", "start"):
            return true
        case (.get, _, "ws"):
            return parts.dropLast(3).last == "containers" && parts.dropLast().last == "attach"
        default: return false
        }
    }
}
