/// What every hart of the board implements, as the device tree tells it: neither more nor less.
package enum HartFeatures {
    /// Multi-letter and single-letter extensions in the canonical order of the unprivileged manual, chapter 35.
    static let extensions = [
        "i", "m", "a", "f", "d", "c", "zicbom", "zicboz", "zicntr", "zicond", "zicsr", "zifencei", "zawrs",
        "zba", "zbb", "zbs", "sstc", "svinval", "svpbmt",
    ]
    /// Page tables' accessed and dirty bits set by hardware. With firmware in charge both ways are
    /// offered and the firmware chooses; the built-in SBI has chosen for the guest.
    static func dirtyBitExtensions(firmware: Bool) -> [String] { firmware ? ["svade", "svadu"] : ["svadu"] }

    static let base = "rv64i"
    /// The deepest page tables: five levels.
    static let mmuType = "riscv,sv57"
    /// Bytes that a cache-block instruction acts on.
    static let cacheBlockSize: UInt32 = 64

    /// The old single string, for software that does not know `riscv,isa-extensions`.
    static func isaString(_ extensions: [String]) -> String {
        let letters = extensions.filter { $0.count == 1 }.joined()
        return (["rv64" + letters] + extensions.filter { $0.count > 1 }).joined(separator: "_")
    }
}
