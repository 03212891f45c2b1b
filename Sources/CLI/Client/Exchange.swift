import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request and its response over a connection of its own. The thread that asks waits for what comes;
/// bytes are read from the socket only when it does, so that a slow reader slows the daemon down.
final class Exchange {
    enum Piece: Sendable {
        case head(status: Int)
        case bytes([UInt8])
        case end
        case failed(String)
    }

    private let channel: any Channel
    private let inbox: Inbox
    private(set) var status = 0

    /// Connects and sends the head of `request`.
    ///
    /// - Parameter streams: whether the body is sent by `send` and `finish`, in chunks.
    init(_ request: Request, to address: DaemonAddress, on group: any EventLoopGroup, streams: Bool)
        throws(Failure)
    {
        let inbox = Inbox()
        self.inbox = inbox
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                    try pipeline.addHandler(inbox)
                }
            }
        channel = try Self.connect(bootstrap, address)
        write(.head(Self.head(of: request, streams: streams)))
        if streams { return }
        if !request.body.isEmpty { write(.body(.byteBuffer(ByteBuffer(bytes: request.body)))) }
        finish()
    }

    deinit { channel.close(promise: nil) }

    static func connect(_ bootstrap: ClientBootstrap, _ address: DaemonAddress) throws(Failure)
        -> any Channel
    {
        do {
            switch address {
            case .unix(let path): return try bootstrap.connect(unixDomainSocketPath: path).wait()
            case .tcp(let host, let port): return try bootstrap.connect(host: host, port: port).wait()
            }
        } catch {
            throw .noDaemon("no daemon answers at \(address)")
        }
    }

    private static func head(of request: Request, streams: Bool) -> HTTPRequestHead {
        var headers = HTTPHeaders(request.headers)
        headers.add(name: "Host", value: "viv")
        headers.add(name: "Connection", value: "close")
        if let token = HostMachine.environment("VIV_TOKEN") {
            headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        if streams {
            headers.add(name: "Transfer-Encoding", value: "chunked")
        } else if !request.body.isEmpty || request.method == .post || request.method == .put {
            headers.add(name: "Content-Length", value: "\(request.body.count)")
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue), uri: request.target,
            headers: headers)
    }

    private func write(_ part: HTTPClientRequestPart) { channel.write(part, promise: nil) }

    /// Sends a piece of the body, waiting until the socket has taken it. False when the daemon has stopped
    /// reading: its answer says why.
    func send(_ bytes: [UInt8]) -> Bool {
        let part = HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: bytes)))
        return (try? channel.writeAndFlush(part).wait()) != nil
    }

    /// Ends the request.
    func finish() { channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil) }

    /// Waits for the head of the response.
    func begin() throws(Failure) -> Int {
        guard case .head(let status) = try next() else {
            throw .refused(
                "the daemon does not speak HTTP: is '\(channel.remoteAddress?.description ?? "?")' its socket?"
            )
        }
        self.status = status
        return status
    }

    /// Waits for the next piece of the response.
    func next() throws(Failure) -> Piece {
        let piece = inbox.next(of: channel)
        if case .failed(let reason) = piece {
            throw .refused("the daemon has closed the connection: \(reason) (see its log)")
        }
        return piece
    }

    /// The next bytes of the body; `nil` at its end.
    func nextBytes() throws(Failure) -> [UInt8]? {
        guard case .bytes(let bytes) = try next() else { return nil }
        return bytes
    }

    /// The rest of the body, up to 256 MB.
    func rest() throws(Failure) -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try nextBytes() {
            all += bytes
            guard all.count < 256 << 20 else { throw .refused("the daemon's answer is too long") }
        }
        return all
    }
}

/// Collects the parts of a response for a thread that waits for them.
private final class Inbox: ChannelInboundHandler, @unchecked Sendable {
    // SAFETY: `pieces` is only touched with the lock held; all else belongs to the channel's loop.
    typealias InboundIn = HTTPClientResponsePart

    /// The condition is whether there are pieces.
    private let lock = ConditionLock(value: false)
    private var pieces: [Exchange.Piece] = []
    private var hasEnded = false
    private var hasNews = false

    func next(of channel: any Channel) -> Exchange.Piece {
        lock.lock()
        if pieces.isEmpty {
            lock.unlock(withValue: false)
            channel.read()
            lock.lock(whenValue: true)
        }
        let piece = pieces.removeFirst()
        lock.unlock(withValue: !pieces.isEmpty)
        return piece
    }

    private func add(_ piece: Exchange.Piece) {
        hasNews = true
        lock.lock()
        pieces.append(piece)
        lock.unlock(withValue: true)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): add(.head(status: Int(head.status.code)))
        case .body(let buffer): add(.bytes(Array(buffer.readableBytesView)))
        case .end:
            hasEnded = true
            add(.end)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // The waiting thread asks once; what came may have been half a head.
        if !hasNews, !hasEnded { context.read() }
        hasNews = false
    }

    func channelInactive(context: ChannelHandlerContext) { fail("its end came before the answer's") }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail("\(error)")
        context.close(promise: nil)
    }

    private func fail(_ reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        add(.failed(reason))
    }
}
