/// CPUID (SDM vol. 2, CPUID): what the core can do, neither more nor less.
package enum Identification {
    package struct Leaf: Equatable, Sendable {
        package var eax: UInt32 = 0
        package var ebx: UInt32 = 0
        package var ecx: UInt32 = 0
        package var edx: UInt32 = 0
    }

    /// Cycles a second of the time-stamp counter: the frequency that the core's clock must have.
    package static let timeStampFrequency: UInt64 = 1_000_000_000
    /// Cycles a second of the local APIC's timer, which is the crystal that the time-stamp counter multiplies.
    package static let crystalFrequency: UInt64 = 25_000_000

    /// Says that the processor has none of the flaws that software works around: nothing here is speculative.
    static let architectureCapabilities: UInt64 =
        1 << 0 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 24 | 1 << 26
        | 1 << 27

    private static let vendor = ("Genu", "ineI", "ntel")
    private static let name = "Vivarium x86-64 processor"
    /// Family 6, a model number that no processor has.
    static let signature: UInt32 = 0x0009_06F0

    // Leaf 1, ECX: SSE3, SSSE3, CMPXCHG16B, PCID, SSE4.1, MOVBE, POPCNT, x2APIC, TSC deadline, RDRAND, hypervisor; PCLMULQDQ, SSE4.2
    // and AES where the host has them.
    private static let features1C: UInt32 =
        1 << 0 | 1 << 9 | 1 << 13 | 1 << 17 | 1 << 19 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 24 | 1 << 30 | 1
        << 31
        | (HostFeatures.shared.hasCarrylessMultiply ? 1 << 1 : 0)
        | (HostFeatures.shared.hasSSE42 ? 1 << 20 : 0)
        | (HostFeatures.shared.hasAES ? 1 << 25 : 0)
    // EDX: FPU, VME, DE, PSE, TSC, MSR, PAE, MCE, CX8, APIC, SEP, MTRR, PGE, MCA, CMOV, PAT, PSE-36, CLFSH, MMX, FXSR, SSE,
    // SSE2.
    private static let features1D: UInt32 =
        1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 11 | 1
        << 12
        | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 17 | 1 << 19
        | 1 << 23 | 1 << 24 | 1 << 25 | 1 << 26
    // Leaf 7, EBX: FSGSBASE, TSC_ADJUST, BMI1, SMEP, BMI2, INVPCID, RDSEED, ADX, SMAP, SHA by the host. ECX: UMIP. EDX:
    // ARCH_CAPABILITIES.
    private static let features7B: UInt32 =
        1 << 0 | 1 << 1 | 1 << 3 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 18 | 1 << 19 | 1 << 20
        | (HostFeatures.shared.hasSHA ? 1 << 29 : 0)
    private static let features7C: UInt32 = 1 << 2
    private static let features7D: UInt32 = 1 << 29
    // Leaf 8000_0001, EDX: SYSCALL, NX, 1 GiB pages, RDTSCP, long mode. ECX: LAHF, LZCNT, PREFETCHW.
    private static let extendedD: UInt32 = 1 << 11 | 1 << 20 | 1 << 26 | 1 << 27 | 1 << 29
    private static let extendedC: UInt32 = 1 << 0 | 1 << 5 | 1 << 8

    package static func leaf(_ number: UInt32, _ subleaf: UInt32, core: Core) -> Leaf {
        switch number {
        case 0: words(eax: 0x16, vendor.0, vendor.2, vendor.1)
        case 1:
            Leaf(
                eax: signature, ebx: core.id << 24 | UInt32(core.siblings) << 16 | 8 << 8,
                ecx: features1C & ~core.featureLevel.hidden1C,
                edx: features1D | (core.siblings > 1 ? 1 << 28 : 0))
        case 4: Leaf()
        case 6: Leaf(eax: 1 << 2)
        case 7:
            subleaf == 0
                ? Leaf(ebx: features7B & ~core.featureLevel.hidden7B, ecx: features7C, edx: features7D)
                : Leaf()
        case 0xB: topology(subleaf, core)
        case 0x15:
            Leaf(eax: 1, ebx: UInt32(timeStampFrequency / crystalFrequency), ecx: UInt32(crystalFrequency))
        case 0x16:
            Leaf(
                eax: UInt32(timeStampFrequency / 1_000_000), ebx: UInt32(timeStampFrequency / 1_000_000),
                ecx: 100)
        case 0x4000_0000: words(eax: 0x4000_0000, "Viva", "rium", "    ")
        case 0x8000_0000: Leaf(eax: 0x8000_0008)
        case 0x8000_0001: Leaf(ecx: extendedC & ~core.featureLevel.hiddenExtendedC, edx: extendedD)
        case 0x8000_0002...0x8000_0004: brand(Int(number - 0x8000_0002))
        case 0x8000_0007: Leaf(edx: 1 << 8)
        case 0x8000_0008: Leaf(eax: 48 << 8 | UInt32(PageWalker.physicalBits))
        default: Leaf()
        }
    }

    /// One thread in each core, all cores in one package.
    private static func topology(_ subleaf: UInt32, _ core: Core) -> Leaf {
        let bits = UInt32(Int.bitWidth - (core.siblings - 1).leadingZeroBitCount)
        switch subleaf {
        case 0: return Leaf(ebx: 1, ecx: 1 << 8, edx: core.id)
        case 1: return Leaf(eax: bits, ebx: UInt32(core.siblings), ecx: 2 << 8 | 1, edx: core.id)
        default: return Leaf(ecx: subleaf & 0xFF, edx: core.id)
        }
    }

    private static func words(eax: UInt32, _ b: String, _ c: String, _ d: String) -> Leaf {
        Leaf(eax: eax, ebx: word(b.utf8), ecx: word(c.utf8), edx: word(d.utf8))
    }

    private static func word(_ characters: some Sequence<UInt8>) -> UInt32 {
        characters.prefix(4).enumerated().reduce(0) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
    }

    private static func brand(_ part: Int) -> Leaf {
        let padded = Array(name.utf8) + [UInt8](repeating: 0, count: 48 - name.utf8.count)
        let four = (0..<4).map { word(padded[(part * 16 + $0 * 4)...]) }
        return Leaf(eax: four[0], ebx: four[1], ecx: four[2], edx: four[3])
    }
}
