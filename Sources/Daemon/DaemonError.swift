/// Why the daemon could not start or serve; the text is for the user.
package struct DaemonError: Error, CustomStringConvertible, Sendable {
    package enum Kind: Sendable {
        case invalid, addressInUse, system
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
