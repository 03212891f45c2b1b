// Memory types and machine checks as MSRs (SDM vol. 3, sections 11.11 and 15.3). Both are kept and obeyed by nobody: all
// memory is coherent, and nothing here breaks.
extension Core {
    /// Pairs of base and mask in the range types.
    private static let ranges = 8
    private static let fixedRanges: [UInt32] = [0x250, 0x258, 0x259] + Array(0x268...0x26F)
    /// Banks of machine-check registers.
    private static let banks: UInt32 = 4
    private static let checkControl: UInt64 = 1 << 8

    /// The place of an MTRR in `rangeTypes`; `nil` for other registers.
    private static func rangePlace(_ number: UInt32) -> Int? {
        if number == 0x2FF { return 0 }
        if (0x200..<0x200 + 2 * UInt32(ranges)).contains(number) { return 1 + Int(number - 0x200) }
        return fixedRanges.firstIndex(of: number).map { 1 + 2 * ranges + $0 }
    }

    /// The place of a machine-check register in `machineCheck`; `nil` for other registers.
    private static func checkPlace(_ number: UInt32) -> Int? {
        if number == 0x17A || number == 0x17B { return Int(number - 0x17A) }
        return (0x400..<0x400 + 4 * banks).contains(number) ? 2 + Int(number - 0x400) : nil
    }

    func readMemoryRegister(_ number: UInt32) -> UInt64? {
        // Eight ranges of each kind, write-combining.
        if number == 0xFE { return UInt64(Self.ranges) | 1 << 8 | 1 << 10 }
        if number == 0x179 { return UInt64(Self.banks) | Self.checkControl }
        if let place = Self.rangePlace(number) { return state.pointee.rangeTypes[place] }
        return Self.checkPlace(number).map { state.pointee.machineCheck[$0] }
    }

    /// False for registers that are not here.
    func writeMemoryRegister(_ number: UInt32, _ value: UInt64) throws(Fault) -> Bool {
        if let place = Self.rangePlace(number) {
            guard Self.isRangeType(number, value) else { throw .protection }
            state.pointee.rangeTypes[place] = value
            return true
        }
        guard let place = Self.checkPlace(number) else { return false }
        // What a bank tells can only be cleared.
        let isReport = place >= 2 && place % 4 != 2
        if isReport, value != 0 { throw .protection }
        state.pointee.machineCheck[place] = place == 0 ? value & 7 : value
        return true
    }

    /// Types 2, 3 and above 6 are reserved, as are bits beyond physical addresses.
    private static func isRangeType(_ number: UInt32, _ value: UInt64) -> Bool {
        func isType(_ type: UInt64) -> Bool { [0, 1, 4, 5, 6].contains(type & 0xFF) }
        let address = (UInt64(1) << PageWalker.physicalBits - 1) & ~0xFFF
        switch number {
        case 0x2FF: return value & ~0xCFF == 0 && isType(value)
        case 0x200..<0x210:
            if number & 1 != 0 { return value & ~(address | 1 << 11) == 0 }
            return value & ~(address | 0xFF) == 0 && isType(value)
        default: return (0..<8).allSatisfy { isType(value >> UInt64(8 * $0)) }
        }
    }
}
