/// A guest CPU that some machine can be built for.
package enum GuestArchitecture: String, Codable, Sendable, CaseIterable {
    case riscv64
    // The name that Linux's uname, and so everybody, gives it.
    case x86 = "x86_64"
}
