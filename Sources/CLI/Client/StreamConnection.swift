import NIOCore
import NIOPosix
import Synchronization

/// A connection that has left HTTP behind (`Upgrade: viv-stream`): frames in both directions.
final class StreamConnection: Sendable {
    private let group = SocketThreads.make()
    private let channel: any Channel
    private let reader: StreamReader

    /// Sends `request` and returns when the daemon has agreed.
    ///
    /// - Parameter received: called on the connection's own thread, which waits for it: a slow terminal
    ///   slows the daemon down. `nil` is the end.
    init(
        _ request: Request, to client: DaemonClient, received: @escaping @Sendable (Frame?) -> Void
    ) throws(Failure) {
        let agreed = group.next().makePromise(of: Void.self)
        let reader = StreamReader(agreed: agreed, received: received)
        self.reader = reader
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in channel.pipeline.addHandler(reader) }
        do {
            channel = try Exchange.connect(bootstrap, client.address)
        } catch {
            agreed.fail(error)
            throw error
        }
        channel.writeAndFlush(ByteBuffer(bytes: Self.head(of: request)), promise: nil)
        do {
            try agreed.futureResult.wait()
        } catch let failure as Failure {
            channel.close(promise: nil)
            throw failure
        } catch {
            channel.close(promise: nil)
            throw .refused("the connection to the daemon broke: \(error)")
        }
    }

    private static func head(of request: Request) -> [UInt8] {
        var lines = [
            "\(request.method.rawValue) \(request.target) HTTP/1.1", "Host: viv", "Upgrade: viv-stream",
            "Connection: Upgrade", "Content-Length: \(request.body.count)",
        ]
        lines += request.headers.map { "\($0.name): \($0.value)" }
        if let token = HostMachine.environment("VIV_TOKEN") { lines.append("Authorization: Bearer \(token)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + request.body
    }

    /// Sends a frame; `done` is called on the connection's thread when the socket has taken it.
    func send(_ frame: Frame, done: @escaping @Sendable () -> Void = {}) {
        channel.writeAndFlush(ByteBuffer(bytes: frame.encoded)).whenComplete { _ in done() }
    }

    /// Leaves; the process goes on.
    func close() {
        reader.mute()
        try? channel.close().wait()
    }
}

/// Reads the head of the answer, then frames.
private final class StreamReader: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private struct State {
        var head: [UInt8] = []
        var status: Int?
        var splitter = FrameSplitter()
        var hasEnded = false
        var isMuted = false
    }

    private static let longestHead = 1 << 16

    private let agreed: EventLoopPromise<Void>
    private let received: @Sendable (Frame?) -> Void
    private let state = Mutex(State())

    init(agreed: EventLoopPromise<Void>, received: @escaping @Sendable (Frame?) -> Void) {
        self.agreed = agreed
        self.received = received
    }

    /// From now on nothing is told.
    func mute() { state.withLock { $0.isMuted = true } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        guard let rest = takeHead(bytes) else { return }
        do {
            let frames = try state.withLock { state in try state.splitter.take(rest) }
            for frame in frames { tell(frame) }
        } catch {
            context.close(promise: nil)
        }
    }

    /// What follows the head of the answer; `nil` while that is incomplete, or when it is a refusal.
    private func takeHead(_ bytes: [UInt8]) -> [UInt8]? {
        let (rest, status) = state.withLock { state -> ([UInt8]?, Int?) in
            if let status = state.status { return (status == 101 ? bytes : nil, nil) }
            state.head += bytes
            guard state.head.count <= Self.longestHead,
                let end = state.head.firstRange(of: Array("\r\n\r\n".utf8))
            else { return (nil, nil) }
            let words = state.head.prefix { $0 != 0x0d }.split(separator: 0x20)
            guard words.count > 1, let code = Int(String(decoding: words[1], as: UTF8.self)), code == 101
            else { return (nil, nil) }
            state.status = code
            return (Array(state.head[end.upperBound...]), code)
        }
        if status == 101 { agreed.succeed() }
        return rest
    }

    private func tell(_ frame: Frame?) {
        let isWanted = state.withLock { state in
            guard !state.hasEnded, !state.isMuted else { return false }
            state.hasEnded = frame == nil || frame?.kind == .exit
            return true
        }
        if isWanted { received(frame) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { ended(context) }
    }

    func channelInactive(context: ChannelHandlerContext) { ended(context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { ended(context) }

    private func ended(_ context: ChannelHandlerContext) {
        let (status, head) = state.withLock { ($0.status, $0.head) }
        if status == nil { agreed.fail(Self.refusal(head)) } else { tell(nil) }
        context.close(promise: nil)
    }

    /// An answer other than 101 ends with its connection: all of it is here.
    private static func refusal(_ answer: [UInt8]) -> Failure {
        let words = answer.prefix { $0 != 0x0d }.split(separator: 0x20)
        let status = words.count > 1 ? Int(String(decoding: words[1], as: UTF8.self)) ?? 500 : 500
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
            return .refused("the daemon has closed the connection without an answer (see its log)")
        }
        let body = answer[end.upperBound...]
        // A chunked body has lengths around its JSON.
        guard let open = body.firstIndex(of: 0x7b), let close = body.lastIndex(of: 0x7d), open < close else {
            return DaemonClient.failure(status, [])
        }
        return DaemonClient.failure(status, Array(body[open...close]))
    }
}
