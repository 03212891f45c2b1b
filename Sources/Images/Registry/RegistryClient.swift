import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

/// Speaks to one repository of a registry (OCI distribution-spec; Docker registry HTTP API v2).
///
/// Every answer is bounded in size and time, redirects lead from TLS to TLS only and carry no credentials to others.
actor RegistryClient {
    static let maximumRedirects = 10

    let reference: Reference
    let endpoint: RegistryEndpoint
    let settings: RegistrySettings
    private let http: HTTPClient
    private let credentials: Credentials?
    /// The header `Authorization` that worked last.
    private var authorization: String?
    private let scope: String

    /// Runs `body` with a client for the first way to the registry that answers.
    static func with<Value: Sendable>(
        _ reference: Reference, actions: String, _ credentials: Credentials?, _ settings: RegistrySettings,
        _ body: @Sendable (RegistryClient) async throws(ImageError) -> Value
    ) async throws(ImageError) -> Value {
        var failure: ImageError?
        for endpoint in RegistryEndpoint.candidates(for: reference.registry, settings) {
            let http = try RegistryTransport.client(endpoint, settings)
            let client = RegistryClient(reference, endpoint, credentials, settings, http, actions)
            let result: Result<Value, ImageError>
            do throws(ImageError) {
                try await client.greet()
                result = .success(try await body(client))
            } catch {
                result = .failure(error)
            }
            try? await http.shutdown()
            // Only where nothing answered is there a reason to try the next way.
            guard case .failure(let error) = result, await !client.wasGreeted else { return try result.get() }
            failure = error
        }
        throw failure ?? ImageError(.unavailable, "there is no way to reach \(reference.registry)")
    }

    private init(
        _ reference: Reference, _ endpoint: RegistryEndpoint, _ credentials: Credentials?,
        _ settings: RegistrySettings, _ http: HTTPClient, _ actions: String
    ) {
        self.reference = reference
        self.endpoint = endpoint
        self.credentials = credentials
        self.settings = settings
        self.http = http
        scope = actions.isEmpty ? "" : "repository:\(reference.repository):\(actions)"
        authorization = credentials?.registryToken.map { "Bearer \($0)" }
    }

    /// Whether something that speaks HTTP answered.
    private(set) var wasGreeted = false

    /// Asks whether this is a registry; its challenge is answered at the first real request.
    private func greet() async throws(ImageError) {
        let response = try await send(HTTPClientRequest(url: endpoint.base))
        wasGreeted = true
        await response.discard()
    }

    /// Tries the credentials, for nothing in particular.
    func logOn() async throws(ImageError) {
        let response: HTTPClientResponse
        do throws(ImageError) {
            response = try await perform(HTTPClientRequest(url: endpoint.base))
        } catch {
            throw error.kind == .unauthorized ? refused : error
        }
        await response.discard()
        switch response.status.code {
        case 200..<300: return
        case 401, 403: throw refused
        default:
            throw ImageError(.unavailable, "\(endpoint.host) answers \(response.status) to the login")
        }
    }

    private var refused: ImageError {
        ImageError(
            .unauthorized, "\(endpoint.base): unauthorized: incorrect username or password, or token")
    }

    func url(_ path: String) -> String { "\(endpoint.base)\(reference.repository)/\(path)" }

    // MARK: Requests

    /// Sends a request, logs on where that is asked for, follows redirects. The answer may have any status.
    ///
    /// - Parameter redirects: whether the answer may be elsewhere (documents and blobs, not uploads).
    func perform(_ request: HTTPClientRequest, redirects: Bool = true) async throws(ImageError)
        -> HTTPClientResponse
    {
        let used = authorization
        var response = try await send(authorized(request, used))
        if response.status == .unauthorized {
            let challenges = response.headers["www-authenticate"]
            await response.discard()
            // Another task may have logged on meanwhile.
            if authorization == used { authorization = try await answer(challenges) }
            response = try await send(authorized(request, authorization))
        }
        return redirects ? try await follow(response, of: request) : response
    }

    private func authorized(_ request: HTTPClientRequest, _ authorization: String?) -> HTTPClientRequest {
        var request = request
        if let authorization { request.headers.replaceOrAdd(name: "authorization", value: authorization) }
        return request
    }

    private func follow(
        _ first: HTTPClientResponse, of request: HTTPClientRequest
    ) async throws(ImageError) -> HTTPClientResponse {
        var response = first
        var position = request.url
        for _ in 0..<Self.maximumRedirects {
            guard [301, 302, 303, 307, 308].contains(Int(response.status.code)),
                let location = response.headers.first(name: "location")
            else { return response }
            await response.discard()
            let target = try RegistryTransport.resolve(location, from: position)
            var next = request
            next.url = target
            if RegistryTransport.origin(target) == RegistryTransport.origin(request.url) {
                next = authorized(next, authorization)
            } else {
                next.headers.remove(name: "authorization")
            }
            position = target
            response = try await send(next)
        }
        throw ImageError(.unavailable, "\(endpoint.host) redirects without end")
    }

    private func send(_ request: HTTPClientRequest) async throws(ImageError) -> HTTPClientResponse {
        do {
            // A deadline of a day is none; stalls are found by the time-outs of the client.
            return try await http.execute(request, timeout: .hours(24))
        } catch {
            throw RegistryTransport.describe(error, host: RegistryTransport.origin(request.url), settings)
        }
    }

    // MARK: Logging on

    private func answer(_ headers: [String]) async throws(ImageError) -> String {
        guard let challenge = Challenge.choose(headers) else {
            throw ImageError(.unauthorized, "\(endpoint.host) refuses access and does not say how to log on")
        }
        guard challenge.scheme == .bearer else {
            guard let credentials else { throw denied }
            return credentials.basicHeader
        }
        let request = try tokenRequest(challenge)
        let response = try await send(request)
        let bytes = try await response.bytes(limit: 1 << 20, as: "token")
        guard response.status == .ok else {
            guard [400, 401, 403].contains(Int(response.status.code)) else {
                throw ImageError(
                    .unavailable, "the token service of \(endpoint.host) answers \(response.status)")
            }
            throw denied
        }
        let token = try Document.decode(Token.self, from: bytes, as: "token of \(endpoint.host)")
        guard let text = token.token ?? token.accessToken, !text.isEmpty,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { throw ImageError(.unavailable, "the token service of \(endpoint.host) sent no token") }
        return "Bearer \(text)"
    }

    private struct Token: Codable {
        var token: String?
        var accessToken: String?

        private enum CodingKeys: String, CodingKey {
            case token
            case accessToken = "access_token"
        }
    }

    private func tokenRequest(_ challenge: Challenge) throws(ImageError) -> HTTPClientRequest {
        let realm = challenge.parameters["realm"] ?? ""
        guard realm.hasPrefix("https://") || (realm.hasPrefix("http://") && endpoint.scheme == "http") else {
            throw ImageError(
                .unauthorized, "\(endpoint.host) wants credentials to be sent without TLS: refused")
        }
        var fields = [("service", challenge.parameters["service"] ?? ""), ("scope", scope)]
        guard let refresh = credentials?.identityToken else {
            if let credentials, !credentials.username.isEmpty {
                fields.append(("account", credentials.username))
            }
            let query = RegistryTransport.form(fields)
            var request = HTTPClientRequest(url: realm + (realm.contains("?") ? "&" : "?") + query)
            if let credentials, !credentials.username.isEmpty {
                request.headers.add(name: "authorization", value: credentials.basicHeader)
            }
            return request
        }
        fields += [("grant_type", "refresh_token"), ("client_id", "vivarium"), ("refresh_token", refresh)]
        var request = HTTPClientRequest(url: realm)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        request.body = .bytes(ByteBuffer(string: RegistryTransport.form(fields)))
        return request
    }

    /// What "no" means, with what to do.
    var denied: ImageError {
        let advice =
            credentials == nil
            ? "log on to \(reference.registry) first" : "the credentials are not accepted, or do not suffice"
        return ImageError(
            .unauthorized,
            "\(endpoint.host) denies access to \(reference.familiarRepository), or it does not exist: \(advice)"
        )
    }
}
