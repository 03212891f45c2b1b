/// What an x86-64 machine's processors say that they can do: the levels of the x86-64 psABI, or all that there is.
package enum CPUModel: String, Codable, Sendable, CaseIterable {
    case v1 = "x86-64-v1"
    case v2 = "x86-64-v2"
    case v3 = "x86-64-v3"
    case v4 = "x86-64-v4"
    /// Everything that this program can run on this host.
    case host
}
