import Model

/// An image as the daemon lists it; what is missing in an answer is empty here.
struct ImageRecord: Decodable {
    let id: String
    let tags: [String]
    let repositoryDigests: [String]
    /// Seconds since 1970.
    let created: Double
    /// Bytes.
    let size: Int64
    let labels: [String: String]

    private enum CodingKeys: String, CodingKey { case id, tags, repositoryDigests, created, size, labels }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        tags = try values.decodeIfPresent([String].self, forKey: .tags) ?? []
        repositoryDigests = try values.decodeIfPresent([String].self, forKey: .repositoryDigests) ?? []
        created = try values.decodeIfPresent(Double.self, forKey: .created) ?? 0
        size = try values.decodeIfPresent(Int64.self, forKey: .size) ?? 0
        labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
    }

    /// `name` and `tag` of a name such as `host:5000/app:2`.
    static func split(_ name: String) -> (repository: String, tag: String) {
        guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else {
            return (name, "<none>")
        }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }
}
