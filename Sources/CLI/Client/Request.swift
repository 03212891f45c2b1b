import Model

/// One request to the daemon, before it is sent.
struct Request {
    enum Method: String { case get = "GET", head = "HEAD", post = "POST", put = "PUT", delete = "DELETE" }

    let method: Method
    /// With the query, if there is one.
    private(set) var target: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    /// - Parameter path: parts of a path; each is escaped, none is empty.
    init(_ method: Method, _ path: [String], query: [(String, String?)] = []) {
        self.method = method
        target = "/" + path.map(Self.escaped).joined(separator: "/")
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(Self.escaped($0))" } }
        if !pairs.isEmpty { target += "?" + pairs.joined(separator: "&") }
    }

    /// A request of our own API, below `/v1`.
    static func own(_ method: Method, _ path: String..., query: [(String, String?)] = []) -> Request {
        Request(method, ["v1"] + path, query: query)
    }

    /// A request of Docker's API, whose documents people know.
    static func docker(_ method: Method, _ path: String..., query: [(String, String?)] = []) -> Request {
        Request(method, ["v1.47"] + path, query: query)
    }

    /// The same with a value as JSON.
    func carrying(_ value: some Encodable) -> Request {
        var copy = self
        copy.body = Array(JSONLine.encode(value).dropLast())
        copy.headers.append(("Content-Type", "application/json"))
        return copy
    }

    /// Percent-encodes everything that RFC 3986 does not leave unreserved.
    static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
