import Images

/// What a step left behind, kept under the step's key.
struct CacheRecord: Codable, Equatable, Sendable {
    /// `nil` when the step changed no file.
    var layer: Layer?
    /// The image's time after the step, in seconds since 1970.
    var time: Int64
    /// The instruction, for people.
    var text: String
}

/// A part of the build cache, as lists show it.
package struct CacheItem: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// A step's layer.
        case regular
        /// A folder of `RUN --mount=type=cache`.
        case cacheMount = "exec.cachemount"
    }

    package let id: String
    package let kind: Kind
    /// The instruction, or the id of the cache mount.
    package let text: String
    /// Bytes.
    package let size: Int64
    /// Seconds since 1970.
    package let lastUsed: Double
    package let isInUse: Bool
}

/// The canonical form of what a step depends on, hashed. Every field is preceded by its length: no two lists of
/// fields give the same bytes.
struct CacheKey {
    private var hash = ContentHash()

    /// The version changes whenever steps of the same key would give other results.
    init(_ purpose: String) { add("vivarium-build-1/\(purpose)") }

    mutating func add(_ field: String) { add(Array(field.utf8)) }

    mutating func add(_ fields: [String]) {
        add(String(fields.count))
        for field in fields { add(field) }
    }

    mutating func add(_ bytes: [UInt8]) {
        hash.update(Array("\(bytes.count):".utf8))
        hash.update(bytes)
    }

    func finish() -> Digest { hash.finish() }
}
