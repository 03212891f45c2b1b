import Glibc
import Host

/// Bodies that are read from somewhere while they are sent.
enum Upload {
    /// Sends `path` (`-` is standard input) as the body of `request`; the answer's head is checked.
    static func send(
        _ request: Request, from path: String, to client: DaemonClient, showing title: String?
    ) throws -> Exchange {
        if path == "-", Terminal.isTerminal(STDIN_FILENO) {
            throw Failure.badCommandLine("not from a terminal: name a file, or redirect standard input")
        }
        let file = try UploadedFile(path, title: title)
        return try send(request, to: client, file.next)
    }

    /// Sends pieces until `next` has no more, or until the daemon answers before the end.
    static func send(
        _ request: Request, to client: DaemonClient, _ next: () throws -> [UInt8]?
    ) throws -> Exchange {
        var request = request
        request.headers.append(("Content-Type", "application/x-tar"))
        let exchange = try Exchange(request, to: client.address, on: client.group, streams: true)
        while let bytes = try next() {
            guard exchange.send(bytes) else { break }
        }
        exchange.finish()
        try client.check(exchange)
        return exchange
    }
}

/// A file on its way to the daemon, with a bar that shows how far it is.
private final class UploadedFile {
    private let descriptor: FileDescriptor
    private let title: String?
    private var total: UInt64 = 0
    private var sent: UInt64 = 0
    private var display = ProgressDisplay()

    /// - Parameter title: `nil` shows nothing.
    init(_ path: String, title: String?) throws(Failure) {
        self.title = title
        do throws(SystemError) {
            descriptor = try FileDescriptor.open(path == "-" ? "/dev/stdin" : path)
            total = try descriptor.status().size
        } catch {
            throw .unusableFile("cannot read \(path): \(error.reason)")
        }
    }

    func next() throws -> [UInt8]? {
        guard let bytes = try Descriptors.read(descriptor.raw, limit: 1 << 18), !bytes.isEmpty else {
            display.finish()
            return nil
        }
        sent += UInt64(bytes.count)
        if let title { display.update(title, "Sending", current: sent, total: total) }
        return bytes
    }
}
