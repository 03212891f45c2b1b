/// Why an image could not be found, fetched, read or written; the text is for the user.
package struct ImageError: Error, CustomStringConvertible, Sendable {
    package enum Kind: Sendable {
        case invalid, notFound, conflict, unauthorized, unavailable, corrupt, noSpace, system
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
