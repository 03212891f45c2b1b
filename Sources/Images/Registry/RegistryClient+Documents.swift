import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension RegistryClient {
    /// A manifest or index, verified.
    struct FetchedDocument: Sendable {
        let bytes: [UInt8]
        let digest: Digest
        let mediaType: String
    }

    /// Fetches the manifest or index of a tag or digest.
    func manifest(_ selector: String) async throws(ImageError) -> FetchedDocument {
        let wanted = Digest(parsing: selector)
        var request = HTTPClientRequest(url: url("manifests/\(selector)"))
        for type in MediaType.manifests + MediaType.indexes {
            request.headers.add(name: "accept", value: type)
        }
        let response = try await retrying { () throws(ImageError) in try await perform(request) }
        let bytes = try await response.bytes(limit: Document.maximumSize, as: "manifest")
        guard response.status == .ok else {
            throw failure(response.status, bytes, asking: "\(reference.familiar)")
        }
        let type = response.headers.first(name: "content-type") ?? ""
        guard !type.hasPrefix(MediaType.dockerSchema1) else {
            throw ImageError(
                .invalid, "\(reference) is stored in Docker's schema 1, which nobody supports any more")
        }
        let announced = response.headers.first(name: "docker-content-digest").flatMap(Digest.init(parsing:))
        var hash = ContentHash((wanted ?? announced)?.algorithm ?? .sha256)
        hash.update(bytes)
        let digest = hash.finish()
        if let expected = wanted ?? announced, expected != digest {
            throw ImageError(
                .corrupt, "\(endpoint.host) sent the manifest \(digest), not \(expected) as it was asked for")
        }
        let declared = try Document.decode(Declared.self, from: bytes, as: "manifest of \(reference)")
        let guess = declared.manifests == nil ? MediaType.ociManifest : MediaType.ociIndex
        return FetchedDocument(bytes: bytes, digest: digest, mediaType: declared.mediaType ?? guess)
    }

    private struct Declared: Codable {
        struct Anything: Codable {}
        var mediaType: String?
        var manifests: [Anything]?
    }

    /// What a refusal means.
    func failure(_ status: HTTPResponseStatus, _ body: [UInt8], asking what: String) -> ImageError {
        let detail = RegistryFailure.message(body).map { ": \($0)" } ?? ""
        switch status.code {
        case 401, 403: return denied
        case 404: return ImageError(.notFound, "\(endpoint.host) has no \(what)\(detail)")
        case 413, 507: return ImageError(.noSpace, "\(endpoint.host) has no room for \(what)\(detail)")
        case 429:
            return ImageError(.unavailable, "\(endpoint.host) wants fewer requests: try again later\(detail)")
        default:
            return ImageError(
                .unavailable, "\(endpoint.host) answers \(status.code) when asked for \(what)\(detail)")
        }
    }

    /// Repeats what failed for reasons that may pass, each time after a longer pause.
    func retrying(
        _ body: () async throws(ImageError) -> HTTPClientResponse
    ) async throws(ImageError) -> HTTPClientResponse {
        var attempt = 0
        while true {
            do throws(ImageError) {
                let response = try await body()
                guard attempt < settings.retries,
                    [429, 500, 502, 503, 504].contains(Int(response.status.code))
                else {
                    return response
                }
                await response.discard()
            } catch {
                guard error.kind == .unavailable, attempt < settings.retries, !Task.isCancelled else {
                    throw error
                }
            }
            attempt += 1
            try await pause(attempt)
        }
    }

    /// Waits before another attempt: twice as long each time, 16 times the first pause at most.
    func pause(_ attempt: Int) async throws(ImageError) {
        let seconds = settings.retryPause * Double(1 << min(attempt - 1, 4))
        do {
            try await Task.sleep(for: .seconds(seconds))
        } catch {
            throw ImageError(.unavailable, "interrupted")
        }
    }
}

/// The errors in a registry's answer (OCI distribution-spec, "Error Codes").
enum RegistryFailure {
    private struct Body: Codable {
        struct Item: Codable {
            var code: String?
            var message: String?
        }
        var errors: [Item]?
    }

    /// The first message, made fit to be shown; `nil` when the body is something else.
    static func message(_ bytes: [UInt8]) -> String? {
        guard let body = try? Document.decode(Body.self, from: bytes, as: "error"),
            let item = body.errors?.first,
            let text = item.message ?? item.code, !text.isEmpty
        else { return nil }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(200).filter { $0.value >= 0x20 && $0.value != 0x7f }))
    }
}
