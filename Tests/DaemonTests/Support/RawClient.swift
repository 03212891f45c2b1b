import Foundation
import Glibc
import Host

/// A client that writes what it is told to and reads what comes: nothing of HTTP is done for it.
final class RawClient: @unchecked Sendable {
    // SAFETY: used by one test at a time.
    private let socket: Int32
    private(set) var buffer: [UInt8] = []

    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Ended: Error {}

    /// - Parameter patience: seconds that a read may take.
    init(_ path: String, patience: Int = 20) throws {
        socket = try UnixSocket.connect(path).release()
        var time = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws { try Descriptors.writeAll(socket, bytes) }

    func endOutput() { shutdown(socket, Int32(SHUT_WR)) }

    /// More bytes into the buffer; false at the end of the stream.
    @discardableResult
    func fill() throws -> Bool {
        let bytes = try Descriptors.read(socket, limit: 65536)
        guard let bytes else { throw Ended() }
        buffer += bytes
        return !bytes.isEmpty
    }

    /// Everything up to the end of the stream.
    func rest() throws -> [UInt8] {
        while try fill() {}
        defer { buffer = [] }
        return buffer
    }

    /// Exactly `count` bytes.
    func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { guard try fill() else { throw Ended() } }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    /// Where `mark` is in the buffer, read on until it is there.
    private func find(_ mark: [UInt8]) throws -> Range<Int> {
        while true {
            if let range = buffer.firstRange(of: mark) { return range }
            guard try fill() else { throw Ended() }
        }
    }

    /// The head of a response.
    func head() throws -> (status: Int, headers: [String: String]) {
        let mark = Array("\r\n\r\n".utf8)
        let range = try find(mark)
        let lines = String(decoding: buffer[..<range.lowerBound], as: UTF8.self).components(
            separatedBy: "\r\n")
        buffer.removeFirst(range.upperBound)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        return (Int(lines[0].split(separator: " ")[1]) ?? 0, headers)
    }

    /// A whole response, of known length or in chunks.
    func answer(hasBody: Bool = true) throws -> Answer {
        let (status, headers) = try head()
        var body: [UInt8] = []
        if headers["transfer-encoding"] == "chunked" {
            while case let chunk = try chunk(), !chunk.isEmpty { body += chunk }
        } else if hasBody, status != 204, status != 304 {
            body = try take(Int(headers["content-length"] ?? "0") ?? 0)
        }
        return Answer(status: status, headers: headers, body: body)
    }

    /// The next chunk of a chunked body; empty at its end.
    func chunk() throws -> [UInt8] {
        let mark = Array("\r\n".utf8)
        let range = try find(mark)
        let size = Int(String(decoding: buffer[..<range.lowerBound], as: UTF8.self), radix: 16) ?? 0
        buffer.removeFirst(range.upperBound)
        let chunk = try take(size)
        _ = try take(2)
        return chunk
    }

    /// One request with an answer of its own.
    func ask(_ method: String, _ path: String, body: String? = nil, headers: [String] = []) throws -> Answer {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: d\r\n"
        for header in headers { text += header + "\r\n" }
        if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        try send(text + "\r\n" + (body ?? ""))
        return try answer(hasBody: method != "HEAD")
    }
}
