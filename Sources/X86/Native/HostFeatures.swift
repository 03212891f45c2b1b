import CLinux

/// What the host's processor has of the extensions that guests' instructions are executed by; everything up to
/// SSE4.1 is taken for granted.
package struct HostFeatures: Sendable {
    package let hasSSE42: Bool
    package let hasAES: Bool
    package let hasCarrylessMultiply: Bool
    package let hasSHA: Bool

    /// Those of this host.
    package static let shared = HostFeatures()

    private init() {
        let basic = Self.leaf(1).ecx
        hasSSE42 = basic >> 20 & 1 != 0
        hasAES = basic >> 25 & 1 != 0
        hasCarrylessMultiply = basic >> 1 & 1 != 0
        hasSHA = Self.leaf(0).eax >= 7 && Self.leaf(7).ebx >> 29 & 1 != 0
    }

    private static func leaf(_ number: UInt32) -> (eax: UInt32, ebx: UInt32, ecx: UInt32) {
        var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) {
            viv_cpuid(number, 0, $0.baseAddress?.assumingMemoryBound(to: UInt32.self))
        }
        return (words.0, words.1, words.2)
    }

    /// Whether this host can execute `op` for a guest.
    func runs(_ op: Operation) -> Bool {
        switch op {
        case .pcmpestrm, .pcmpestri, .pcmpistrm, .pcmpistri, .pcmpgtq: hasSSE42
        case .aesimc, .aesenc, .aesenclast, .aesdec, .aesdeclast, .aeskeygenassist: hasAES
        case .pclmulqdq: hasCarrylessMultiply
        case .sha1nexte, .sha1msg1, .sha1msg2, .sha256rnds2, .sha256msg1, .sha256msg2, .sha1rnds4: hasSHA
        default: true
        }
    }
}
