import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension RegistryClient {
    /// Fetches a blob into `writer`, which then holds exactly what `descriptor` says. A broken transfer is resumed
    /// where it broke off.
    func download(
        _ descriptor: Descriptor, to writer: BlobWriter, progress: ProgressSink
    ) async throws(ImageError) {
        var attempt = 0
        while true {
            let before = writer.count
            do throws(ImageError) {
                try await transfer(descriptor, to: writer, progress: progress)
                return
            } catch {
                guard error.kind == .unavailable, !Task.isCancelled else { throw error }
                // Who sends at least something may go on for as long as it takes.
                attempt = writer.count > before ? 1 : attempt + 1
                guard attempt <= settings.retries else { throw error }
                progress(
                    .init(
                        id: descriptor.digest.short, .retrying, message: error.description,
                        current: writer.count,
                        total: descriptor.size))
                try await pause(attempt)
            }
        }
    }

    private func transfer(
        _ descriptor: Descriptor, to writer: BlobWriter, progress: ProgressSink
    ) async throws(ImageError) {
        if writer.count == descriptor.size, writer.count > 0 { return try check(descriptor, writer) }
        var request = HTTPClientRequest(url: url("blobs/\(descriptor.digest)"))
        if writer.count > 0 { request.headers.add(name: "range", value: "bytes=\(writer.count)-") }
        let response = try await perform(request)
        try await begin(response, descriptor, writer)
        do {
            for try await buffer in response.body {
                guard writer.count + Int64(buffer.readableBytes) <= descriptor.size else {
                    throw ImageError(
                        .corrupt,
                        "\(endpoint.host) sends more than the \(descriptor.size) bytes of \(descriptor.digest)"
                    )
                }
                try Self.write(buffer, to: writer)
                progress(
                    .init(
                        id: descriptor.digest.short, .downloading, current: writer.count,
                        total: descriptor.size))
            }
        } catch {
            throw RegistryTransport.describe(error, host: endpoint.host, settings)
        }
        guard writer.count == descriptor.size else {
            throw ImageError(
                .unavailable,
                "\(endpoint.host) sent \(writer.count) of \(descriptor.size) bytes of \(descriptor.digest.short)"
            )
        }
        try check(descriptor, writer)
    }

    private func check(_ descriptor: Descriptor, _ writer: BlobWriter) throws(ImageError) {
        guard writer.digest == descriptor.digest else {
            throw ImageError(.corrupt, "\(endpoint.host) sent \(writer.digest) as \(descriptor.digest)")
        }
    }

    private static func write(_ buffer: ByteBuffer, to writer: BlobWriter) throws(ImageError) {
        let result: Result<Void, ImageError> = buffer.withUnsafeReadableBytes { bytes in
            do throws(ImageError) {
                try writer.write(bytes)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Looks at the status: the rest that was asked for, or everything from the start.
    private func begin(
        _ response: HTTPClientResponse, _ descriptor: Descriptor, _ writer: BlobWriter
    ) async throws(ImageError) {
        switch response.status.code {
        case 200: if writer.count > 0 { try writer.reset() }
        case 206:
            let range = response.headers.first(name: "content-range") ?? ""
            guard range.hasPrefix("bytes \(writer.count)-") else {
                await response.discard()
                try writer.reset()
                throw ImageError(
                    .unavailable, "\(endpoint.host) sent another part of a blob than it was asked for")
            }
        case 416:
            await response.discard()
            try writer.reset()
            throw ImageError(.unavailable, "\(endpoint.host) does not resume transfers")
        default:
            let body = try await response.bytes(limit: 1 << 16, as: "error")
            throw failure(
                response.status, body, asking: "content \(descriptor.digest.short) of \(reference.familiar)")
        }
    }
}
