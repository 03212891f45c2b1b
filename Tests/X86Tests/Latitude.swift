import NativeRun
import X86

/// What the manuals leave to a processor, so that those of two makers, or two of one maker, differ: taken out of a
/// comparison, and no more than that.
enum Latitude {
    /// Whether two ends of a case are both allowed, so that there is nothing to compare.
    static func allows(_ names: [String], _ native: Int32, _ own: Int32) -> Bool {
        let faults: Set<Int32> = [12, 13, 14]
        // Either operand may be looked at first.
        if names.last == "cmps" { return faults.contains(native) && faults.contains(own) }
        // Bytes that the mask leaves out may fault or not (SDM vol. 2, MASKMOVDQU).
        if names.last == "maskmovdqu", native != own {
            return faults.union([3]).contains(native) && faults.union([3]).contains(own)
        }
        // Two faults at once: where the call leads, and where it pushes.
        if names.contains("callIndirect"), native != own {
            return faults.contains(native) && faults.contains(own)
        }
        return false
    }

    /// Makes equal in `own` what may differ from `native` after the same end.
    static func level(
        _ names: [String], _ bytes: [UInt8], _ native: inout native_case, _ own: inout native_case
    ) {
        guard native.vector == own.vector else { return }
        if bytes.contains(0x67), !strings.isDisjoint(with: names) { levelCounters(&native, &own) }
        guard native.vector != 3 else { return }
        // Where a masked store faults: at any of its 16 bytes, which lie around the end of 32-bit addresses.
        if names.last == "maskmovdqu" {
            let distance = native.cr2 &- own.cr2 &+ 15
            let wraps: UInt64 = bytes.contains(0x67) ? 0xFFFF_FFFF : .max
            if distance & wraps <= 30 { own.cr2 = native.cr2 }
        }
        // The flags of the last comparison, or those before the first.
        if names.contains("scas") { own.rflags = native.rflags }
        if names.contains("callIndirect") { levelPush(&native, &own) }
        if names.contains("x87"), bytes.contains(0xDF) || bytes.contains(0xDB) {
            levelLastBytes(&native, &own)
        }
    }

    private static let strings: Set<String> = ["movs", "cmps", "stos", "lods", "scas"]

    /// With 32-bit addresses the upper halves of what counts are cleared before what faults or after it, and when
    /// there is nothing to do or not.
    private static func levelCounters(_ native: inout native_case, _ own: inout native_case) {
        withUnsafeBytes(of: &native.r) { native in
            withUnsafeMutableBytes(of: &own.r) { own in
                for register in [1, 6, 7] {
                    let place = 8 * register
                    let theirs = native.load(fromByteOffset: place, as: UInt64.self)
                    let ours = own.load(fromByteOffset: place, as: UInt64.self)
                    if theirs << 32 == ours << 32, theirs >> 32 == 0 {
                        own.storeBytes(of: theirs, toByteOffset: place, as: UInt64.self)
                    }
                }
            }
        }
    }

    /// Stores of ten bytes, which go in two parts, may have written what lies before the page that faults.
    private static func levelLastBytes(_ native: inout native_case, _ own: inout native_case) {
        guard own.cr2 == UInt64(NATIVE_DATA) + UInt64(NATIVE_DATA_SIZE) else { return }
        withUnsafeBytes(of: &native.data) { native in
            withUnsafeMutableBytes(of: &own.data) { own in
                for index in Int(NATIVE_DATA_SIZE) - 9..<Int(NATIVE_DATA_SIZE) { own[index] = native[index] }
            }
        }
    }

    /// A call to where nothing can be may have pushed already.
    private static func levelPush(_ native: inout native_case, _ own: inout native_case) {
        let stack = withUnsafeBytes(of: &own.r) { $0.load(fromByteOffset: 32, as: UInt64.self) }
        let offset = stack &- 8 &- UInt64(NATIVE_DATA)
        guard offset <= UInt64(NATIVE_DATA_SIZE) - 8 else { return }
        let pushed = withUnsafeBytes(of: &native.data) {
            $0.loadUnaligned(fromByteOffset: Int(offset), as: UInt64.self)
        }
        guard pushed &- UInt64(NATIVE_CODE) < 64 else { return }
        withUnsafeMutableBytes(of: &own.data) {
            $0.storeBytes(of: pushed, toByteOffset: Int(offset), as: UInt64.self)
        }
    }
}
