/// A release of Debian.
struct DebianRelease: Equatable, Sendable {
    let number: Int
    let codename: String
    /// The name by which it is found, too, for as long as it is that old.
    let age: String

    static let bookworm = DebianRelease(number: 12, codename: "bookworm", age: "oldstable")
    static let trixie = DebianRelease(number: 13, codename: "trixie", age: "stable")

    /// The names to look for at a mirror: while that is between two states one of them may be missing.
    var suites: [String] { [codename, age] }
}
