/// How the tar of a layer is written.
package struct LayerDiffOptions: Codable, Equatable, Sendable {
    /// Seconds since 1970 that no time in the layer exceeds (`SOURCE_DATE_EPOCH`); `nil` keeps times.
    package var latestTime: Int64?
    /// Whether times are cut to whole seconds, so that copies of a tree agree.
    package var wholeSeconds = false
    /// Paths relative to the folder, without leading slash, that stay out with all below them.
    package var excluded: Set<String> = []

    package init() {}
}

/// A difference between a container's file system and its image.
package struct TreeChange: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        case modified = "C"
        case added = "A"
        case deleted = "D"
    }

    /// Absolute, as the container sees it.
    package let path: String
    package let kind: Kind
}
