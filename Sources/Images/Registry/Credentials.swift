import FoundationEssentials

/// How to log on to a registry.
package struct Credentials: Equatable, Sendable {
    package var username: String
    package var password: String
    /// An OAuth2 refresh token (Docker's identity token), in place of a password.
    package var identityToken: String?
    /// A bearer token that is sent as it is.
    package var registryToken: String?

    package init(
        username: String, password: String, identityToken: String? = nil, registryToken: String? = nil
    ) {
        self.username = username
        self.password = password
        self.identityToken = identityToken
        self.registryToken = registryToken
    }

    private struct Header: Codable {
        var username: String?
        var password: String?
        var auth: String?
        var identitytoken: String?
        var registrytoken: String?
    }

    /// Reads Docker's header `X-Registry-Auth`: JSON in base64, either alphabet. `nil` when it holds none.
    package init?(header: String) throws(ImageError) {
        guard !header.isEmpty else { return nil }
        guard header.utf8.count <= 65536, let bytes = Self.base64(header) else {
            throw ImageError(.invalid, "X-Registry-Auth is not base64")
        }
        if bytes.isEmpty { return nil }
        let value = try Document.decode(Header.self, from: bytes, as: "X-Registry-Auth")
        if let auth = value.auth, let pair = Self(auth: auth) {
            self = pair
        } else {
            self.init(username: value.username ?? "", password: value.password ?? "")
        }
        identityToken = value.identitytoken.flatMap { $0.isEmpty ? nil : $0 }
        registryToken = value.registrytoken.flatMap { $0.isEmpty ? nil : $0 }
        if username.isEmpty, identityToken == nil, registryToken == nil { return nil }
    }

    /// Reads `user:password` in base64, as config.json has it.
    init?(auth: String) {
        guard let bytes = Self.base64(auth), let colon = bytes.firstIndex(of: 0x3a) else { return nil }
        username = String(decoding: bytes[..<colon], as: UTF8.self)
        password = String(decoding: bytes[(colon + 1)...].filter { $0 != 0 }, as: UTF8.self)
    }

    /// The header `Authorization` of basic authentication (RFC 7617).
    var basicHeader: String { "Basic " + Data("\(username):\(password)".utf8).base64EncodedString() }

    private static func base64(_ text: String) -> [UInt8]? {
        var text = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }.filter { $0 != "=" })
        text += String(repeating: "=", count: -text.utf8.count & 3)
        return Data(base64Encoded: text).map { [UInt8]($0) }
    }
}
