import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What the registry client needs of HTTP.
enum RegistryTransport {
    static func client(_ endpoint: RegistryEndpoint, _ settings: RegistrySettings) throws(ImageError)
        -> HTTPClient
    {
        var tls = TLSConfiguration.makeClientConfiguration()
        if !endpoint.verifies { tls.certificateVerification = .none }
        do {
            for path in settings.certificateAuthorities {
                tls.additionalTrustRoots.append(.certificates(try NIOSSLCertificate.fromPEMFile(path)))
            }
        } catch {
            throw ImageError(.invalid, "the certificates of an additional authority cannot be read: \(error)")
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(15), read: .nanoseconds(Int64(settings.stallTimeout * 1e9))))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(
            settings.parallelDownloads, 1)
        // Trying again is ours to decide.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.proxy = proxy(for: endpoint)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// The proxy that the environment names, as other tools use it.
    private static func proxy(for endpoint: RegistryEndpoint) -> HTTPClient.Configuration.Proxy? {
        if RegistryEndpoint.isLoopback(endpoint.host) { return nil }
        let variables = ProcessInfo.processInfo.environment
        let exempt = (variables["NO_PROXY"] ?? variables["no_proxy"] ?? "").split(separator: ",")
        let host = endpoint.host.split(separator: ":").first.map(String.init) ?? endpoint.host
        if exempt.contains(where: {
            $0 == "*" || $0 == host || host.hasSuffix($0.hasPrefix(".") ? $0 : ".\($0)")
        }) {
            return nil
        }
        let names =
            endpoint.scheme == "https" ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"]
        guard let address = names.compactMap({ variables[$0] }).first, !address.isEmpty else { return nil }
        let rest = address.split(separator: "/", omittingEmptySubsequences: true)
        guard let authority = rest.first(where: { !$0.hasSuffix(":") }),
            let colon = authority.lastIndex(of: ":"),
            let port = Int(authority[authority.index(after: colon)...])
        else { return nil }
        return .server(host: String(authority[..<colon]), port: port)
    }

    /// Scheme and authority of an address.
    static func origin(_ url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.prefix(3).joined(separator: "/")
    }

    /// The address that `Location` means. TLS is never left.
    static func resolve(_ location: String, from base: String) throws(ImageError) -> String {
        guard location.utf8.count <= 16384, location.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw ImageError(.unavailable, "\(origin(base)) redirects to a malformed address")
        }
        if location.hasPrefix("//") { return base.prefix { $0 != "/" } + location }
        if location.hasPrefix("/") { return origin(base) + location }
        guard location.hasPrefix("https://") || location.hasPrefix("http://") else {
            return base.prefix(upTo: base.lastIndex(of: "/") ?? base.endIndex) + "/" + location
        }
        guard !base.hasPrefix("https://") || location.hasPrefix("https://") else {
            throw ImageError(.unavailable, "\(origin(base)) redirects from TLS to plain HTTP: refused")
        }
        return location
    }

    /// `application/x-www-form-urlencoded`, also for queries.
    static func form(_ fields: [(String, String)]) -> String {
        fields.filter { !$0.1.isEmpty }.map { "\($0.0)=\(escape($0.1))" }.joined(separator: "&")
    }

    static func escape(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.map { byte in
            let isPlain = byte.isASCIIAlphanumeric || "-._~".utf8.contains(byte)
            return isPlain
                ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }.joined()
    }

    /// A failure of the network in words.
    static func describe(_ error: any Error, host: String, _ settings: RegistrySettings) -> ImageError {
        if let error = error as? ImageError { return error }
        let host = host.replacing("https://", with: "").replacing("http://", with: "")
        switch error {
        case is CancellationError: return ImageError(.unavailable, "interrupted")
        case let error as HTTPClientError: return describe(client: error, host: host, settings)
        case let error as NIOConnectionError:
            let reason = error.connectionErrors.first.map { "\($0.error)" } ?? "its name cannot be resolved"
            return ImageError(.unavailable, "\(host) cannot be reached: \(reason)")
        case let error as NIOSSLError:
            return ImageError(.unavailable, "\(host) cannot be spoken to by TLS: \(error)")
        default: return ImageError(.unavailable, "\(host) cannot be asked: \(error)")
        }
    }

    private static func describe(
        client error: HTTPClientError, host: String, _ settings: RegistrySettings
    ) -> ImageError {
        let seconds = Int(settings.stallTimeout.rounded(.up))
        let text =
            switch error {
            case .cancelled: "the transfer was interrupted"
            case .readTimeout, .deadlineExceeded: "\(host) sent nothing for \(seconds) seconds"
            case .connectTimeout: "\(host) does not answer: the connection was not made in time"
            case .remoteConnectionClosed: "\(host) closed the connection before it had answered"
            default: "\(host) cannot be asked: \(error.shortDescription)"
            }
        return ImageError(.unavailable, text)
    }
}

extension HTTPClientResponse {
    /// The body of a small answer.
    func bytes(limit: Int, as what: String) async throws(ImageError) -> [UInt8] {
        do {
            return [UInt8](buffer: try await body.collect(upTo: limit))
        } catch is NIOTooManyBytesError {
            throw ImageError(.unavailable, "the registry's \(what) has more than \(limit) bytes")
        } catch {
            throw ImageError(.unavailable, "the registry's \(what) was not sent to its end: \(error)")
        }
    }

    /// Reads what is of no interest, so that the connection can be used again; long bodies are cut off.
    func discard() async { _ = try? await body.collect(upTo: 1 << 16) }
}
