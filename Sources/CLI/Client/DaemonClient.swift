import FoundationEssentials
import Glibc
import Model
import NIOPosix

/// Asks the daemon. Calls wait for the answer: a command is a straight line.
struct DaemonClient: Sendable {
    let address: DaemonAddress
    var group: MultiThreadedEventLoopGroup { SocketThreads.shared }

    /// The daemon, when it runs; `nil` otherwise. It is never started to find out.
    static func running() throws(Failure) -> DaemonClient? {
        if let named = try DaemonAddress.named() { return DaemonClient(address: named) }
        let client = DaemonClient(address: try DaemonAddress.standard())
        return client.answers ? client : nil
    }

    /// The daemon; started when it does not run and none was named.
    static func started() throws(Failure) -> DaemonClient {
        if let client = try running() { return client }
        try DaemonStart.start()
        return DaemonClient(address: try DaemonAddress.standard())
    }

    /// The daemon; started when there is something of its own on disk, such as stopped containers.
    static func startedForWhatIsStored() throws(Failure) -> DaemonClient? {
        if let client = try running() { return client }
        return access(DataFolder.path + "/vivarium.db", F_OK) == 0 ? try started() : nil
    }

    /// Whether somebody listens.
    private var answers: Bool {
        guard case .unix(let path) = address else { return true }
        return DaemonStart.isListening(path)
    }

    /// Sends `request` and reads the head of the answer; errors of the daemon are thrown with its words.
    func begin(_ request: Request) throws(Failure) -> Exchange {
        let exchange = try Exchange(request, to: address, on: group, streams: false)
        try check(exchange)
        return exchange
    }

    /// Reads the head of the answer to a request whose body has been sent.
    func check(_ exchange: Exchange) throws(Failure) {
        let status = try exchange.begin()
        guard status >= 400 else { return }
        throw Self.failure(status, try exchange.rest())
    }

    /// The body of the answer.
    @discardableResult
    func send(_ request: Request) throws(Failure) -> [UInt8] { try begin(request).rest() }

    /// The answer as a value.
    func fetch<Value: Decodable>(_ request: Request) throws(Failure) -> Value {
        let bytes = try send(request)
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            let text = String(decoding: bytes.prefix(200), as: UTF8.self)
            throw .refused("viv does not understand the daemon; are both of one version? It said: \(text)")
        }
    }

    /// The answer as JSON of any shape.
    func json(_ request: Request) throws(Failure) -> JSONValue {
        guard let value = JSONValue(parsing: try send(request)) else {
            throw .refused("the daemon's answer is not JSON")
        }
        return value
    }

    /// Hands each line of the answer to `take`, as JSON, until the answer ends.
    func lines(_ request: Request, _ take: (JSONValue) throws -> Void) throws {
        try Self.lines(of: begin(request), take)
    }

    static func lines(of exchange: Exchange, _ take: (JSONValue) throws -> Void) throws {
        var splitter = LineSplitter()
        func pass(_ line: [UInt8]) throws {
            guard !line.allSatisfy({ $0 == 0x0d || $0 == 0x20 }) else { return }
            if let value = JSONValue(parsing: line) { try take(value) }
        }
        while let bytes = try exchange.nextBytes() {
            for line in splitter.take(bytes) { try pass(line) }
        }
        // The last line may lack its newline.
        for line in splitter.take([0x0a]) { try pass(line) }
    }

    /// What the daemon's error means: its own words, and the code for the shell.
    static func failure(_ status: Int, _ body: [UInt8]) -> Failure {
        let value = JSONValue(parsing: body)
        let words =
            value?["error"]?["message"]?.string ?? value?["message"]?.string
            ?? String(decoding: body.prefix(300), as: UTF8.self)
        let text = words.isEmpty ? "the daemon answered \(status)" : words
        return switch status {
        case 400: Failure(.badCommandLine, text, status: status)
        case 500: Failure(.internalFault, text, status: status)
        default: Failure(.refused, text, status: status)
        }
    }
}
