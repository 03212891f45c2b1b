/// Why the store could not be read or written; the text is for the user.
package struct StoreError: Error, CustomStringConvertible, Sendable {
    package enum Kind: Sendable {
        case notFound, conflict, corrupt, noSpace, system
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
