import Glibc

/// An operating system and processor: `linux/amd64`, `linux/arm/v7`.
package struct Platform: Hashable, Sendable, CustomStringConvertible {
    package var os: String
    /// Go's names: `amd64`, `arm64`, `riscv64`…
    package var architecture: String
    package var variant: String?

    package init(os: String = "linux", architecture: String, variant: String? = nil) {
        self.os = os
        (self.architecture, self.variant) = Self.normalized(architecture, variant)
    }

    /// Parses `os/arch[/variant]` or an architecture alone.
    package init(_ text: String) throws(ImageError) {
        let parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let areWords = parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { $0.isLowerAlphanumeric || $0 == 0x5f || $0 == 0x2d }
        }
        guard areWords, parts.count <= 3 else {
            throw ImageError(.invalid, "'\(text.prefix(80))' is no platform: expected os/arch[/variant]")
        }
        switch parts.count {
        case 1: self.init(architecture: parts[0])
        case 2: self.init(os: parts[0], architecture: parts[1])
        default: self.init(os: parts[0], architecture: parts[1], variant: parts[2])
        }
    }

    /// What this host runs without emulation.
    package static let host = Platform(architecture: machineName())

    private static func machineName() -> String {
        var names = utsname()
        guard uname(&names) == 0 else { return "amd64" }
        return withUnsafeBytes(of: names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Other spellings of an architecture, and variants that say nothing.
    private static func normalized(_ architecture: String, _ variant: String?) -> (String, String?) {
        let variant = variant?.isEmpty == true ? nil : variant
        switch architecture {
        case "x86_64", "x86-64", "amd64": return ("amd64", variant == "v1" ? nil : variant)
        case "aarch64", "arm64": return ("arm64", variant == "v8" || variant == "8" ? nil : variant)
        case "armhf": return ("arm", "v7")
        case "armel": return ("arm", "v6")
        case "i386", "i686", "x86": return ("386", nil)
        default: return (architecture, variant)
        }
    }

    /// Whether this host-like platform runs images made for `other`; the larger the better, `nil` not at all.
    func suitability(of other: Platform) -> Int? {
        guard os == other.os, architecture == other.architecture else { return nil }
        if variant == other.variant { return 2 }
        return other.variant == nil || variant == nil ? 1 : nil
    }

    package var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }
}

extension Platform: Codable {
    private enum CodingKeys: String, CodingKey { case os, architecture, variant }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            os: try values.decodeIfPresent(String.self, forKey: .os) ?? "",
            architecture: try values.decodeIfPresent(String.self, forKey: .architecture) ?? "",
            variant: try values.decodeIfPresent(String.self, forKey: .variant))
    }
}
