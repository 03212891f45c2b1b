import Glibc
import Images
import Model

/// Docker's filters on images.
struct ImageSelection: Sendable {
    private let filters: Filters
    private let before: Double?
    private let since: Double?

    /// - Parameter images: where `before` and `since` look for the images they name.
    init(_ filters: Filters, of images: [ImageSummary]) throws(APIError) {
        self.filters = filters
        before = try Self.created(filters["before"].first, images)
        since = try Self.created(filters["since"].first, images)
    }

    private static func created(_ name: String?, _ images: [ImageSummary]) throws(APIError) -> Double? {
        guard let name else { return nil }
        let image = images.first { image in
            image.tags.contains(name) || image.tags.contains(name + ":latest")
                || image.id.description.hasPrefix(name) || image.id.hex.hasPrefix(name)
        }
        guard let image else { throw APIError(.notFound, "No such image: \(name)") }
        return image.created
    }

    func contains(_ image: ImageSummary) -> Bool {
        isDangling(image) && filters.matchLabels(image.labels) && isNamed(image) && isInTime(image)
    }

    private func isDangling(_ image: ImageSummary) -> Bool {
        guard let wanted = filters["dangling"].first?.lowercased() else { return true }
        return image.isDangling == (wanted == "true" || wanted == "1")
    }

    private func isInTime(_ image: ImageSummary) -> Bool {
        if let before, image.created >= before { return false }
        if let since, image.created <= since { return false }
        guard let until = filters["until"].first else { return true }
        guard let bound = Double(until) ?? Timestamp.seconds(until) ?? Self.age(until) else { return true }
        return image.created < bound
    }

    /// `24h`, `10m`: that long ago.
    private static func age(_ text: String) -> Double? {
        guard let unit = text.last, let factor = ["s": 1.0, "m": 60, "h": 3600][unit],
            let count = Double(text.dropLast())
        else { return nil }
        return Clock.now - count * factor
    }

    private func isNamed(_ image: ImageSummary) -> Bool {
        let patterns = filters["reference"]
        guard !patterns.isEmpty else { return true }
        return image.tags.contains { tag in
            let repository = Self.repository(tag)
            return patterns.contains {
                fnmatch($0, tag, FNM_PATHNAME) == 0 || fnmatch($0, repository, FNM_PATHNAME) == 0
            }
        }
    }

    private static func repository(_ tag: String) -> String {
        guard let colon = tag.lastIndex(of: ":"), !tag[colon...].contains("/") else { return tag }
        return String(tag[..<colon])
    }
}
