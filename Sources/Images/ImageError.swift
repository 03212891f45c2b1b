import Glibc
import Host

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

    /// A failed system call; a full disk and a spent quota are `noSpace`.
    init(_ error: SystemError) {
        let isFull = error.code == ENOSPC || error.code == EDQUOT
        self.init(isFull ? .noSpace : .system, error.description)
    }

    /// Whatever was thrown where only errors of this module and of the system can be.
    init(any error: any Error) {
        switch error {
        case let error as ImageError: self = error
        case let error as SystemError: self.init(error)
        case is CancellationError: self.init(.unavailable, "interrupted")
        default: self.init(.system, "\(error)")
        }
    }

    /// The same with words before it.
    func prefixed(_ words: String) -> ImageError { ImageError(kind, "\(words): \(description)") }
}

/// Runs a system call, as `Host.checked` does, with errors of this module.
@discardableResult
func call<Result: SignedInteger>(
    _ action: @autoclosure () -> String, _ body: () -> Result
) throws(ImageError) -> Result {
    do {
        return try checked(action(), body)
    } catch {
        throw ImageError(error)
    }
}
