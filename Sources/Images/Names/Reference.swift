/// The name of an image: `[registry/]repository[:tag][@digest]`, with Docker's defaults.
///
/// `debian` means `docker.io/library/debian:latest`. The first part of a name is a registry when it holds a dot
/// or colon, or is `localhost`.
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    package static let defaultRegistry = "docker.io"

    /// Host and optional port: `docker.io`, `localhost:5000`, `[::1]:5000`.
    package let registry: String
    /// `library/debian`
    package let repository: String
    package let tag: String?
    package let digest: Digest?

    init(registry: String, repository: String, tag: String?, digest: Digest?) {
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// Parses a name as a user writes it. Without tag and digest the tag is `latest`.
    package init(_ text: String) throws(ImageError) {
        guard text.utf8.count <= 1024, let parsed = ReferenceGrammar.parse(text) else {
            throw ImageError(
                .invalid,
                "'\(text.prefix(160))' is no image name: expected [registry/]name[:tag][@digest] in lower case"
            )
        }
        self = parsed
    }

    /// The complete name: `docker.io/library/debian:12`.
    package var canonical: String { "\(registry)/\(repository)\(suffix)" }

    /// As people write it: `debian:12`.
    package var familiar: String { familiarRepository + suffix }

    /// Without tag and digest: `debian`.
    package var familiarRepository: String {
        guard registry == Self.defaultRegistry else { return "\(registry)/\(repository)" }
        let official = "library/"
        let rest = repository.dropFirst(official.count)
        return repository.hasPrefix(official) && !rest.contains("/") ? String(rest) : repository
    }

    /// Without tag and digest: `docker.io/library/debian`.
    package var canonicalRepository: String { "\(registry)/\(repository)" }

    package var description: String { familiar }

    /// What a registry is asked for: the digest, or the tag.
    var selector: String { digest?.description ?? tag ?? "latest" }

    /// The same repository at `digest`, without a tag.
    package func at(_ digest: Digest) -> Reference {
        Reference(registry: registry, repository: repository, tag: nil, digest: digest)
    }

    /// The same repository with another tag and no digest.
    package func tagged(_ tag: String) throws(ImageError) -> Reference {
        guard ReferenceGrammar.isTag(tag) else {
            throw ImageError(.invalid, "'\(tag.prefix(160))' is no tag")
        }
        return Reference(registry: registry, repository: repository, tag: tag, digest: nil)
    }

    private var suffix: String { (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }
}

extension Reference: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(canonical)
    }
}

/// The grammar of names (distribution's reference.go and OCI distribution-spec, "Pulling manifests").
enum ReferenceGrammar {
    static func parse(_ text: String) -> Reference? {
        var rest = text[...]
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            digest = Digest(parsing: String(rest[rest.index(after: at)...]))
            guard digest != nil else { return nil }
            rest = rest[..<at]
        }
        let (registry, path) = splitRegistry(rest)
        var name = path
        var tag: String?
        if let colon = path.lastIndex(of: ":") {
            tag = String(path[path.index(after: colon)...])
            guard let tag, isTag(tag) else { return nil }
            name = path[..<colon]
        }
        return assemble(registry, name, tag, digest, whole: text)
    }

    private static func assemble(
        _ registry: Substring?, _ name: Substring, _ tag: String?, _ digest: Digest?, whole: String
    ) -> Reference? {
        guard isRepository(name), registry.map(isRegistry) ?? true else { return nil }
        // 64 hexadecimal digits alone would be taken for an image's id.
        if registry == nil, tag == nil, digest == nil, whole.utf8.count == 64,
            whole.utf8.allSatisfy(\.isLowerHex)
        {
            return nil
        }
        let registry = canonicalRegistry(registry.map(String.init) ?? Reference.defaultRegistry)
        let isOfficial = registry == Reference.defaultRegistry && !name.contains("/")
        return Reference(
            registry: registry, repository: isOfficial ? "library/\(name)" : String(name),
            tag: tag ?? (digest == nil ? "latest" : nil), digest: digest)
    }

    private static func canonicalRegistry(_ name: String) -> String {
        name == "index.docker.io" ? Reference.defaultRegistry : name
    }

    private static func splitRegistry(_ text: Substring) -> (Substring?, Substring) {
        guard let slash = text.firstIndex(of: "/") else { return (nil, text) }
        let first = text[..<slash]
        let isRegistry =
            first.contains(".") || first.contains(":") || first == "localhost"
            || first.contains(where: \.isUppercase)
        return isRegistry ? (first, text[text.index(after: slash)...]) : (nil, text)
    }

    /// `host[:port]`, the host being a name, an IPv4 address or an IPv6 address in brackets.
    static func isRegistry(_ text: Substring) -> Bool {
        var host = text
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            return !host.isEmpty && host.utf8.allSatisfy { $0.isHex || $0 == 0x3a || $0 == 0x2e }
                && (rest.isEmpty || (rest.hasPrefix(":") && isPort(rest.dropFirst())))
        }
        if let colon = text.firstIndex(of: ":") {
            guard isPort(text[text.index(after: colon)...]) else { return false }
            host = text[..<colon]
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == 0x2d }
        }
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } && (UInt16(text) ?? 0) > 0
    }

    /// Components of lower-case letters and digits, joined by `.`, `_`, `__` or dashes; at most 255 bytes in all.
    static func isRepository(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 255
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isComponent)
    }

    private static func isComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, first.isLowerAlphanumeric,
            last.isLowerAlphanumeric
        else { return false }
        let separators = text.utf8.split(whereSeparator: \.isLowerAlphanumeric)
        return separators.allSatisfy { run in
            run.elementsEqual([0x2e]) || run.elementsEqual([0x5f]) || run.elementsEqual([0x5f, 0x5f])
                || run.allSatisfy { $0 == 0x2d }
        }
    }

    /// A letter, digit or underscore, then up to 127 of these, dots and dashes.
    static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
        return (first.isASCIIAlphanumeric || first == 0x5f)
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == 0x5f || $0 == 0x2e || $0 == 0x2d }
    }
}

extension UInt8 {
    var isLowerAlphanumeric: Bool { (0x30...0x39).contains(self) || (0x61...0x7a).contains(self) }
    var isASCIIAlphanumeric: Bool { isLowerAlphanumeric || (0x41...0x5a).contains(self) }
    var isHex: Bool { isLowerHex || (0x41...0x46).contains(self) }
}
