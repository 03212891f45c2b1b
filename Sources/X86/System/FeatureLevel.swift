/// How much of what the core can do CPUID tells of. What it does not tell of works all the same, as on processors.
package enum FeatureLevel: Sendable {
    /// What every x86-64 processor has (x86-64 psABI, table 3.1), and x86-64-v2: SSE4.2, POPCNT, CMPXCHG16B.
    case baseline, v2
    case all

    /// Bits of leaf 1, ECX, that are withheld.
    var hidden1C: UInt32 {
        // PCLMULQDQ, MOVBE, AES, RDRAND.
        let beyond2: UInt32 = 1 << 1 | 1 << 22 | 1 << 25 | 1 << 30
        // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT.
        let second: UInt32 = 1 << 0 | 1 << 9 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 23
        return switch self {
        case .baseline: beyond2 | second
        case .v2: beyond2
        case .all: 0
        }
    }

    /// Bits of leaf 7, EBX: BMI1, BMI2, RDSEED, ADX, SHA.
    var hidden7B: UInt32 { self == .all ? 0 : 1 << 3 | 1 << 8 | 1 << 18 | 1 << 19 | 1 << 29 }

    /// Bits of leaf 8000_0001, ECX: LZCNT and PREFETCHW; LAHF.
    var hiddenExtendedC: UInt32 {
        switch self {
        case .baseline: 1 << 0 | 1 << 5 | 1 << 8
        case .v2: 1 << 5 | 1 << 8
        case .all: 0
        }
    }

    /// Whether this host can run all that the level promises.
    package var isSupported: Bool { self != .v2 || HostFeatures.shared.hasSSE42 }
}
