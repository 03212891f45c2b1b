/// Why the engine did not do what it was asked; the text is for the user.
package struct EngineError: Error, CustomStringConvertible, Sendable {
    package enum Kind: Sendable {
        case invalid, notFound, conflict, notModified, unauthorized, forbidden, unavailable, noSpace,
            unsupported, system
        /// The program that a container is to run is missing, or no program.
        case notExecutable
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
