// Decimal arithmetic (SDM vol. 1, section 7.3.3), which 64-bit mode has not. Flags that the manual leaves undefined
// are what processors make of them.
extension Interpreter {
    func decimal(_ i: UnsafePointer<Instruction>) throws(Fault) {
        switch i.pointee.op {
        case .daa: adjustPacked(adding: true)
        case .das: adjustPacked(adding: false)
        case .aaa: adjustUnpacked(adding: true)
        case .aas: adjustUnpacked(adding: false)
        case .aam:
            let base = UInt64(bitPattern: i.pointee.immediate) & 0xFF
            guard base != 0 else { throw .divide }
            let value = r[0] & 0xFF
            setRegister(0, 1, (value / base) << 8 | value % base)
            setLogic((value % base) &<< 56, 56)
        default:
            let base = UInt64(bitPattern: i.pointee.immediate) & 0xFF
            let value = (r[0] & 0xFF &+ (r[0] >> 8 & 0xFF) &* base) & 0xFF
            setRegister(0, 1, value)
            setLogic(value &<< 56, 56)
        }
    }

    private var adjustsLow: Bool { r[0] & 0xF > 9 || s.pointee.flags.adjust & Flag.adjust != 0 }

    private func adjustPacked(adding: Bool) {
        let old = r[0] & 0xFF
        let carry = s.pointee.flags.carry != 0
        var value = old
        let low = adjustsLow
        if low { value = adding ? value &+ 6 : value &- 6 }
        let high = old > 0x99 || carry
        if high { value = adding ? value &+ 0x60 : value &- 0x60 }
        setRegister(0, 0, value)
        setLogic(value &<< 56, 56)
        s.pointee.flags.adjust = low ? Flag.adjust : 0
        // DAS borrows already where its lower digit does.
        s.pointee.flags.carry = high || (!adding && low && old < 6) ? 1 : 0
    }

    private func adjustUnpacked(adding: Bool) {
        let adjusts = adjustsLow
        if adjusts { setRegister(0, 1, adding ? r[0] &+ 0x106 : r[0] &- 0x106) }
        setRegister(0, 0, r[0] & 0xF)
        setLogic((r[0] & 0xF) &<< 56, 56)
        s.pointee.flags.adjust = adjusts ? Flag.adjust : 0
        s.pointee.flags.carry = adjusts ? 1 : 0
    }
}
