/// Why a container could not be made or asked for something; the text is for the user.
package struct ContainerError: Error, Equatable, CustomStringConvertible, Sendable {
    package enum Kind: Sendable {
        case invalid, notFound, conflict, refusedByHost, system
        /// The program that the container is to run is missing, or no program.
        case notExecutable
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
