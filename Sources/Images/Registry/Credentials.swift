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
}
