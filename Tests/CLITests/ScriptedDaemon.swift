import Glibc
import Host
import Synchronization

/// A daemon that answers by a script, on a socket of its own: what the client sends is kept.
final class ScriptedDaemon: Sendable {
    struct Request: Sendable {
        /// Method and target.
        let line: String
        let body: String
    }

    let path: String
    private let seen = Mutex<[Request]>([])
    private let isOver = Atomic(false)

    init() throws { path = "/tmp/vivarium-test-\(try Random.name(digits: 12)).sock" }

    /// Serves while `body` runs; `answer` gives the whole response to a request.
    func serve<Result>(
        _ answer: @escaping @Sendable (Request) -> String, _ body: () throws -> Result
    ) throws -> Result {
        let listener = try UnixSocket.listen(path)
        let raw = listener.raw
        let thread = try Thread(name: "scripted") { [self] in
            while !isOver.load(ordering: .relaxed) {
                var slot = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
                guard poll(&slot, 1, 20) > 0, let socket = UnixSocket.accept(raw) else { continue }
                converse(socket.raw, answer)
            }
        }
        defer {
            isOver.store(true, ordering: .relaxed)
            thread.join()
            unlink(path)
        }
        return try body()
    }

    var requests: [Request] { seen.withLock { $0 } }

    private func converse(_ socket: Int32, _ answer: (Request) -> String) {
        var bytes: [UInt8] = []
        while true {
            var slot = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&slot, 1, 2000) > 0, let some = try? Descriptors.read(socket), !some.isEmpty else {
                return
            }
            bytes += some
            if let request = Self.request(bytes) {
                seen.withLock { $0.append(request) }
                try? Descriptors.writeAll(socket, Array(answer(request).utf8))
                return
            }
        }
    }

    /// The request, once all of its body is here.
    private static func request(_ bytes: [UInt8]) -> Request? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        let body = bytes[end.upperBound...]
        let lines = head.split(separator: "\r\n")
        let length =
            lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.split(separator: " ")[1]) } ?? 0
        let isChunked = head.lowercased().contains("transfer-encoding: chunked")
        guard isChunked ? body.suffix(5).elementsEqual("0\r\n\r\n".utf8) : body.count >= length else {
            return nil
        }
        let words = (lines.first ?? "").split(separator: " ")
        return Request(
            line: words.prefix(2).joined(separator: " "), body: String(decoding: body, as: UTF8.self))
    }

    /// A response with a body of JSON.
    static func json(_ body: String, status: Int = 200) -> String {
        "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static let done = "HTTP/1.1 204 No Content\r\n\r\n"
}
