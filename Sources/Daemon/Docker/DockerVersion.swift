/// A version of Docker's API: `1.41`.
package struct DockerVersion: Comparable, Sendable, CustomStringConvertible {
    package static let oldest = DockerVersion(minor: 41)
    package static let newest = DockerVersion(minor: 47)

    /// Versions of the API are all 1.something.
    package let minor: Int

    package init(minor: Int) { self.minor = minor }

    package static func < (left: Self, right: Self) -> Bool { left.minor < right.minor }

    package var description: String { "1.\(minor)" }

    /// Cuts `/v1.43/containers/json` into the version and `/containers/json`.
    ///
    /// - Returns: `nil` for a path without such a prefix.
    package static func split(_ path: Substring) -> (version: DockerVersion, rest: Substring)? {
        guard path.hasPrefix("/v1.") else { return nil }
        let digits = path.dropFirst(4).prefix { $0.isASCII && $0.isNumber }
        let rest = path.dropFirst(4 + digits.count)
        guard digits.count < 6, let minor = Int(digits), rest.isEmpty || rest.hasPrefix("/") else {
            return nil
        }
        return (DockerVersion(minor: minor), rest.isEmpty ? "/" : rest)
    }

    /// Docker's own words for clients that are too old or too new.
    package func check() throws(APIError) {
        if self < Self.oldest {
            throw APIError(
                .badRequest,
                "client version \(self) is too old. Minimum supported API version is \(Self.oldest), "
                    + "please upgrade your client to a newer version")
        }
        if self > Self.newest {
            throw APIError(
                .badRequest,
                "client version \(self) is too new. Maximum supported API version is \(Self.newest)")
        }
    }
}
