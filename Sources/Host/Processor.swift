import CLinux

/// What the host's processor can do.
package enum Processor {
    /// Whether it has x86-64-v3 (AVX2, BMI1, BMI2, FMA, LZCNT, POPCNT), which translated code uses.
    package static var isV3: Bool { viv_cpu_is_v3() != 0 }
}
