// The x87 environment and whole state in memory (SDM vol. 1, section 8.1.10): FNSTENV, FLDENV, FNSAVE and FRSTOR. Of
// where the last instruction and its operand were nothing is kept: those fields are zero.
extension Interpreter {
    /// Bytes of the eight registers, which follow the environment.
    private static let registersSize: UInt64 = 80

    /// Fields are words with a 16-bit operand size, else double words of which the lower half counts.
    private func isShort(_ i: UnsafePointer<Instruction>) -> Bool { i.pointee.size == 1 }

    /// - Parameter tail: bytes behind the environment that must be writable, too.
    func storeEnvironment(_ i: UnsafePointer<Instruction>, tail: UInt64) throws(Fault) {
        let place = address(i)
        let isShort = isShort(i)
        let step: UInt64 = isShort ? 2 : 4
        try cpu.probeWrite(place, 7 * step + tail)
        let words = [cpu.float.pointee.control, statusWord, fullTags, 0, 0, 0, 0]
        for (index, word) in words.enumerated() {
            // The upper halves of what is but 16 bits wide are ones.
            let upper: UInt64 = index < 3 || index == 6 ? 0xFFFF_0000 : 0
            try store(place &+ step * UInt64(index), isShort ? 1 : 2, UInt64(word) | upper)
        }
    }

    func loadEnvironment(_ i: UnsafePointer<Instruction>, tail: UInt64) throws(Fault) {
        let place = address(i)
        let step: UInt64 = isShort(i) ? 2 : 4
        // Of what cannot all be read nothing is taken.
        for offset in stride(from: 0, to: 7 * step + tail, by: 2) { _ = try load(place &+ offset, 1) }
        let control = UInt16(truncatingIfNeeded: try load(place, 1))
        let status = UInt16(truncatingIfNeeded: try load(place &+ step, 1))
        let tags = UInt16(truncatingIfNeeded: try load(place &+ 2 * step, 1))
        cpu.float.pointee.control = control & 0x1F7F | 0x40
        setStatus(status & 0x7F7F)
        cpu.float.pointee.tags = (0..<8).reduce(UInt8(0)) {
            $0 | (tags >> UInt16(2 * $1) & 3 != 3 ? 1 << UInt8($1) : 0)
        }
    }

    func saveAll(_ i: UnsafePointer<Instruction>) throws(Fault) {
        try storeEnvironment(i, tail: Self.registersSize)
        let place = address(i) &+ (isShort(i) ? 14 : 28)
        for register in 0..<8 {
            let value = cpu.float.pointee.stack[register]
            try store(place &+ UInt64(10 * register), 3, value.low)
            try store(place &+ UInt64(10 * register + 8), 1, value.high)
        }
    }

    func restoreAll(_ i: UnsafePointer<Instruction>) throws(Fault) {
        try loadEnvironment(i, tail: Self.registersSize)
        let place = address(i) &+ (isShort(i) ? 14 : 28)
        for register in 0..<8 {
            let low = try load(place &+ UInt64(10 * register), 3)
            let high = try load(place &+ UInt64(10 * register + 8), 1)
            cpu.float.pointee.stack[register] = Vector(low: low, high: high)
        }
    }
}
