/// A guest CPU that some machine can be built for.
package enum GuestArchitecture: String, Codable, Sendable, CaseIterable {
    case riscv64
}
