/// An entry for dpkg's status file that claims to provide what packages depend on, so that apt
/// fetches those packages and nothing else.
package enum StandIn {
    /// - Parameter needs: `Depends` fields.
    package static func stanza(satisfying needs: [String], architecture: String) -> String {
        let provided = needs.flatMap { $0.split(separator: ",") }.compactMap { need in provision(String(need))
        }
        guard !provided.isEmpty else { return "" }
        return """
            Package: vivarium-stand-in
            Status: install ok installed
            Architecture: \(architecture)
            Version: 1
            Maintainer: nobody <nobody@localhost>
            Description: stands in for packages that are not wanted
            Provides: \(provided.joined(separator: ", "))

            """
    }

    /// The first alternative of a dependency, at the version that it asks for.
    private static func provision(_ need: String) -> String? {
        guard let choice = need.split(separator: "|").first else { return nil }
        let words = choice.split { " ()".contains($0) || $0 == "\n" }
        guard let name = words.first?.split(separator: ":").first else { return nil }
        // "name >= version": strictly greater and smaller versions do not occur in what is fetched alone.
        return words.count >= 3 ? "\(name) (= \(words[2]))" : String(name)
    }
}
