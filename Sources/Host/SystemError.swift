import Glibc

/// A system call that failed: what was being done, to what, and the kernel's reason.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was attempted, as words after "cannot": `open disk.img`.
    package let action: String
    /// The kernel's error number.
    package let code: Int32

    package init(_ action: String, code: Int32 = errno) {
        self.action = action
        self.code = code
    }

    /// The kernel's reason in words: `No such file or directory`.
    package var reason: String { String(cString: strerror(code)) }

    package var description: String { "cannot \(action): \(reason)" }
}

/// Repeats a system call that signals interrupt; negative results become `SystemError`.
@discardableResult
package func checked<Result: SignedInteger>(
    _ action: @autoclosure () -> String, _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemError(action()) }
    }
}
