/// Why a build failed; the text is for the user.
package struct BuildError: Error, CustomStringConvertible, Sendable {
    package enum Kind: Sendable {
        case invalidDockerfile, invalidContext, stepFailed, notFound, cancelled, system
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
