import Glibc
import Host

// Queries by TCP (RFC 7766): each message has its length before it.
extension NameService {
    private static let idle: UInt64 = 10_000_000_000

    func accept(_ listener: NameSocket) {
        while let (raw, peer) = try? HostSocket.accept(listener.socket.raw) {
            serve(FileDescriptor(owning: raw), asker: peer.address)
        }
    }

    /// Answers the queries of a non-blocking stream until it ends, or is silent for too long. On the loop's thread.
    package func serve(_ socket: consuming FileDescriptor, asker: IPAddress) {
        guard streams.count < Self.maximumStreams else { return }
        let id = number()
        let stream = NameStream(socket: socket, loop: loop, idle: Self.idle) { [unowned self] in
            streams[id] = nil
        }
        streams[id] = stream
        stream.start { [unowned self] query, reply in
            switch server.decide(query, from: asker, limit: 65_535) {
            case .answer(let answer): reply(answer)
            case .ignore: reply(nil)
            case .forward(let asked):
                guard let resolver = upstream(asked).first else {
                    return reply(DNSMessage.serverFailure(for: query))
                }
                forward(query, to: Endpoint(resolver, DNSMessage.port)) {
                    reply($0 ?? DNSMessage.serverFailure(for: query))
                }
            }
        }
    }

    /// Asks one server by TCP.
    private func forward(
        _ query: [UInt8], to resolver: Endpoint, _ finish: @escaping ([UInt8]?) -> Void
    ) {
        guard streams.count < Self.maximumStreams,
            let socket = try? HostSocket.tcp(isV4: resolver.address.isV4)
        else { return finish(nil) }
        let code = HostSocket.connect(socket.raw, to: resolver)
        guard code == 0 || code == EINPROGRESS else { return finish(nil) }
        let id = number()
        var isFinished = false
        let stream = NameStream(socket: socket, loop: loop, idle: Self.idle) { [unowned self] in
            streams[id] = nil
            if !isFinished { finish(nil) }
            isFinished = true
        }
        streams[id] = stream
        stream.start { answer, reply in
            let isOurs = answer.withUnsafeBytes { DNSMessage.isAnswer($0, to: query) }
            if isOurs, !isFinished {
                isFinished = true
                finish(answer)
            }
            reply(nil)
        }
        stream.send(query)
    }
}

/// A stream of messages with lengths, one at a time: the next is looked at when the last was answered.
final class NameStream {
    private let socket: FileDescriptor
    private let loop: EventLoop
    private let idle: UInt64
    private let ended: () -> Void
    private var handler: (([UInt8], @escaping ([UInt8]?) -> Void) -> Void)?
    private var incoming: [UInt8] = []
    private var outgoing: [UInt8] = []
    private var isBusy = false
    private var timer: EventLoop.Timer?

    init(
        socket: consuming FileDescriptor, loop: EventLoop, idle: UInt64, ended: @escaping () -> Void
    ) {
        self.socket = socket
        self.loop = loop
        self.idle = idle
        self.ended = ended
    }

    /// Hands each message to `handler`, which replies once: with a message, or nil to end the stream.
    func start(_ handler: @escaping ([UInt8], @escaping ([UInt8]?) -> Void) -> Void) {
        self.handler = handler
        do {
            try loop.add(socket.raw, [.read, .write]) { [unowned self] readiness in
                flush()
                if readiness.canRead { receive() }
            }
        } catch {
            return end()
        }
        rest()
    }

    func send(_ message: [UInt8]) {
        outgoing += [UInt8(truncatingIfNeeded: message.count >> 8), UInt8(truncatingIfNeeded: message.count)]
        outgoing += message
        flush()
    }

    private func rest() {
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(after: idle) { [unowned self] in
            timer = nil
            end()
        }
    }

    private func end() {
        guard handler != nil else { return }
        handler = nil
        if let timer { loop.cancel(timer) }
        timer = nil
        loop.remove(socket.raw)
        ended()
    }

    private func flush() {
        guard handler != nil else { return }
        while !outgoing.isEmpty {
            let count = outgoing.withUnsafeBytes {
                Glibc.send(socket.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            outgoing.removeFirst(count)
        }
        loop.modify(socket.raw, outgoing.isEmpty ? .read : [.read, .write])
    }

    private func receive() {
        do {
            while let bytes = try Descriptors.read(socket.raw) {
                // The bound holds one whole message beyond the one being answered.
                guard !bytes.isEmpty, incoming.count + bytes.count <= 2 * 65_537 else { return end() }
                incoming += bytes
            }
            take()
        } catch {
            end()
        }
    }

    private func take() {
        guard !isBusy, let handler, incoming.count >= 2 else { return }
        let length = Int(incoming[0]) << 8 | Int(incoming[1])
        guard incoming.count >= 2 + length else { return }
        let message = Array(incoming[2..<2 + length])
        incoming.removeFirst(2 + length)
        isBusy = true
        rest()
        handler(message) { [weak self] reply in
            guard let self else { return }
            isBusy = false
            guard let reply else { return end() }
            send(reply)
            take()
        }
    }
}
