/// How guest instructions are executed.
package enum Accelerator: String, Codable, Sendable, CaseIterable {
    /// The fastest engine that this host offers for the guest's architecture.
    case auto
    /// Guest code is translated to host code.
    case translate
    /// The plain reference interpreter: slow, for comparison.
    case interpret
    /// The host's processor runs guest code by itself.
    case kvm
}
