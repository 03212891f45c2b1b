/// What a client wants of an attachment.
package struct AttachOptions: Sendable {
    package var takesStdin = false
    package var wantsStdout = true
    package var wantsStderr = true
    /// Whether what was logged before comes first.
    package var replaysLog = false
    /// Whether output to come is wanted; without it only the log is replayed.
    package var follows = true
    /// As Docker writes them, `ctrl-p,ctrl-q`; `nil` or empty means these two.
    package var detachKeys: String?

    package init() {}
}
