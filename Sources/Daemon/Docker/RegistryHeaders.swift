import FoundationEssentials
import HTTPTypes
import Images

/// Credentials that clients send along: JSON in base 64, in Docker's headers.
enum RegistryHeaders {
    private static let auth = HTTPField.Name("X-Registry-Auth") ?? .authorization
    private static let config = HTTPField.Name("X-Registry-Config") ?? .authorization

    /// `X-Registry-Auth`; `nil` when there are none.
    static func credentials(_ headers: HTTPFields) throws(APIError) -> Credentials? {
        guard let text = headers[auth], !text.isEmpty else { return nil }
        return try credentials(decode(text))
    }

    /// `X-Registry-Config`: credentials by registry.
    static func allCredentials(_ headers: HTTPFields) throws(APIError) -> [String: Credentials] {
        guard let text = headers[config], !text.isEmpty else { return [:] }
        let tree = try decode(text)
        var result: [String: Credentials] = [:]
        for field in tree.fields { result[host(field.name)] = try credentials(field.value) }
        return result
    }

    /// `AuthConfig`; `nil` when it has neither name nor token.
    static func credentials(_ json: JSON) throws(APIError) -> Credentials? {
        let token = try json.string("identitytoken")
        let registryToken = try json.string("registrytoken")
        let username = try json.string("username")
        guard token != nil || registryToken != nil || username != nil else { return nil }
        return Credentials(
            username: username ?? "", password: try json.string("password") ?? "", identityToken: token,
            registryToken: registryToken)
    }

    /// `https://index.docker.io/v1/` → `docker.io`.
    static func host(_ server: String) -> String {
        var rest = server[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
        }
        let host = String(rest.prefix { $0 != "/" })
        return host == "index.docker.io" || host == "registry-1.docker.io" ? "docker.io" : host
    }

    /// Base 64 of either alphabet, padded or not.
    static func decode(_ text: String) throws(APIError) -> JSON {
        var plain = text.replacing("-", with: "+").replacing("_", with: "/")
        while plain.utf8.count % 4 != 0 { plain += "=" }
        guard let data = Data(base64Encoded: plain) else {
            throw APIError(.badRequest, "a header is no base 64")
        }
        return data.isEmpty ? .object([]) : try JSON(parsing: data)
    }
}
