import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension RegistryClient {
    /// Whether the repository has a blob.
    func has(_ descriptor: Descriptor) async throws(ImageError) -> Bool {
        var request = HTTPClientRequest(url: url("blobs/\(descriptor.digest)"))
        request.method = .HEAD
        let response = try await retrying { () throws(ImageError) in try await perform(request) }
        await response.discard()
        switch response.status.code {
        case 200..<300: return true
        case 404: return false
        default: throw failure(response.status, [], asking: "content \(descriptor.digest.short)")
        }
    }

    /// Makes a blob of another repository of the same registry one of this; false when that did not work.
    func mount(_ digest: Digest, from repository: String) async throws(ImageError) -> Bool {
        let query = RegistryTransport.form([("mount", digest.description), ("from", repository)])
        var request = HTTPClientRequest(url: url("blobs/uploads/?\(query)"))
        request.method = .POST
        request.body = .bytes(ByteBuffer())
        let response = try await perform(request, redirects: false)
        await response.discard()
        guard response.status == .accepted, let location = response.headers.first(name: "location") else {
            return response.status == .created
        }
        // The registry opened an upload in its place, which nobody wants.
        var cancel = HTTPClientRequest(url: try RegistryTransport.resolve(location, from: request.url))
        cancel.method = .DELETE
        await (try? perform(cancel, redirects: false))?.discard()
        return false
    }

    /// Sends a blob: documents in one request, layers as one chunk that the last request closes.
    ///
    /// - Parameter path: a file that holds the blob.
    func upload(_ descriptor: Descriptor, from path: String, progress: @escaping ProgressSink)
        async throws(ImageError)
    {
        var attempt = 0
        while true {
            do throws(ImageError) {
                return try await uploadOnce(descriptor, path, progress)
            } catch {
                attempt += 1
                guard error.kind == .unavailable, attempt <= settings.retries, !Task.isCancelled else {
                    throw error
                }
                progress(.init(id: descriptor.digest.short, .retrying, message: error.description))
                try await pause(attempt)
            }
        }
    }

    private func uploadOnce(
        _ descriptor: Descriptor, _ path: String, _ progress: @escaping ProgressSink
    ) async throws(ImageError) {
        var begin = HTTPClientRequest(url: url("blobs/uploads/"))
        begin.method = .POST
        begin.body = .bytes(ByteBuffer())
        var location = try await location(of: begin, expecting: [202])
        if descriptor.size > 4 << 20 {
            var chunk = HTTPClientRequest(url: location)
            chunk.method = .PATCH
            chunk.headers.add(name: "content-type", value: "application/octet-stream")
            chunk.body = body(descriptor, path, progress)
            location = try await self.location(of: chunk, expecting: [202, 204])
        }
        let separator = location.contains("?") ? "&" : "?"
        var end = HTTPClientRequest(
            url: "\(location)\(separator)digest=\(RegistryTransport.escape(descriptor.digest.description))")
        end.method = .PUT
        end.headers.add(name: "content-type", value: "application/octet-stream")
        end.body = descriptor.size > 4 << 20 ? .bytes(ByteBuffer()) : body(descriptor, path, progress)
        _ = try await self.location(of: end, expecting: [201, 204])
    }

    private func body(
        _ descriptor: Descriptor, _ path: String, _ progress: @escaping ProgressSink
    ) -> HTTPClientRequest.Body {
        let file = UploadedFile(
            path: path, id: descriptor.digest.short, size: descriptor.size, progress: progress)
        return .stream(file, length: .known(descriptor.size))
    }

    /// Where an upload goes on.
    private func location(of request: HTTPClientRequest, expecting codes: [UInt]) async throws(ImageError)
        -> String
    {
        let response = try await perform(request, redirects: false)
        let bytes = try await response.bytes(limit: 1 << 16, as: "answer")
        guard codes.contains(response.status.code) else {
            throw failure(response.status, bytes, asking: "an upload to \(reference.familiarRepository)")
        }
        guard let location = response.headers.first(name: "location") else { return request.url }
        return try RegistryTransport.resolve(location, from: request.url)
    }

    /// Puts a manifest under the tag of the reference.
    func put(_ manifest: [UInt8], type: String) async throws(ImageError) {
        var request = HTTPClientRequest(url: url("manifests/\(reference.selector)"))
        request.method = .PUT
        request.headers.add(name: "content-type", value: type)
        request.body = .bytes(ByteBuffer(bytes: manifest))
        let sent = request
        let response = try await retrying { () throws(ImageError) in try await perform(sent, redirects: false)
        }
        let bytes = try await response.bytes(limit: 1 << 16, as: "answer")
        guard (200..<300).contains(response.status.code) else {
            throw failure(response.status, bytes, asking: "a place for the manifest of \(reference)")
        }
    }
}

/// A file as the body of a request, read as the peer takes it.
private struct UploadedFile: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let path: String
    let id: String
    let size: Int64
    let progress: ProgressSink

    func makeAsyncIterator() -> Iterator { Iterator(file: self) }

    struct Iterator: AsyncIteratorProtocol {
        private let file: UploadedFile
        private var source: FileSource?
        private let chunk = Chunk()
        private var sent: Int64 = 0

        fileprivate init(file: UploadedFile) { self.file = file }

        mutating func next() async throws -> ByteBuffer? {
            let source = try source ?? FileSource(path: file.path)
            self.source = source
            let count = try source.read(into: chunk.bytes)
            if count == 0 { return nil }
            sent += Int64(count)
            file.progress(.init(id: file.id, .pushing, current: sent, total: file.size))
            return ByteBuffer(bytes: chunk.bytes[..<count])
        }
    }
}
