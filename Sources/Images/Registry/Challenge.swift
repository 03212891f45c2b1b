/// What a registry wants of who asks: the header WWW-Authenticate (RFC 9110, section 11.6.1; distribution, "Token
/// Authentication").
struct Challenge: Equatable, Sendable {
    enum Scheme: Equatable, Sendable { case basic, bearer }

    let scheme: Scheme
    /// `realm`, `service`, `scope`… by names in lower case.
    let parameters: [String: String]

    /// The first challenge that we can answer, bearer before basic.
    static func choose(_ headers: [String]) -> Challenge? {
        let all = headers.compactMap(Challenge.init)
        return all.first { $0.scheme == .bearer } ?? all.first
    }

    /// Parses `Bearer realm="…",service="…"`; `nil` for other schemes and for what is malformed.
    init?(_ header: String) {
        guard header.utf8.count <= 8192 else { return nil }
        let word = header.prefix { $0 != " " }
        switch word.lowercased() {
        case "basic": scheme = .basic
        case "bearer": scheme = .bearer
        default: return nil
        }
        var rest = header.dropFirst(word.count)
        var parameters: [String: String] = [:]
        while let (name, value) = Self.parameter(&rest) { parameters[name] = value }
        self.parameters = parameters
        if scheme == .bearer, parameters["realm"]?.isEmpty ?? true { return nil }
    }

    private static func parameter(_ rest: inout Substring) -> (String, String)? {
        rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
        let name = rest.prefix { $0 != "=" }
        rest = rest.dropFirst(name.count)
        guard !name.isEmpty, rest.first == "=" else { return nil }
        rest = rest.dropFirst()
        guard rest.first == "\"" else {
            let value = rest.prefix { $0 != "," && $0 != " " }
            rest = rest.dropFirst(value.count)
            return (name.lowercased(), String(value))
        }
        rest = rest.dropFirst()
        var value = ""
        while let character = rest.popFirst() {
            if character == "\"" { return (name.lowercased(), value) }
            if character == "\\", let next = rest.popFirst() {
                value.append(next)
            } else {
                value.append(character)
            }
        }
        return nil
    }
}
