// MMX (SDM vol. 1, chapter 9): eight registers of 64 bits in the significands of the x87 registers.
extension Interpreter {
    /// #UD with EM, #NM when the state belongs to another task, #MF when an x87 exception waits.
    func demandMultimedia() throws(Fault) {
        if s.pointee.cr0 & Control.emulation != 0 { throw .undefined }
        if s.pointee.cr0 & Control.taskSwitched != 0 { throw .noFPU }
        if cpu.float.pointee.status & ~cpu.float.pointee.control & 0x3F != 0 { throw .math }
    }

    /// Every MMX instruction leaves the x87 stack with its top at register 0, and full but for EMMS.
    func enterMultimedia() {
        setStatus(cpu.float.pointee.status & ~0x3800)
        cpu.float.pointee.tags = 0xFF
    }

    /// A register's value, before or after `enterMultimedia`.
    func multimediaValue(_ number: UInt8) -> UInt64 {
        let top = Int(cpu.float.pointee.status >> 11 & 7)
        return cpu.float.pointee.stack[(Int(number) - top) & 7].low
    }

    /// Where a register lies after `enterMultimedia`.
    func multimediaPlace(_ number: UInt8) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(cpu.float) + 32 + 16 * Int(number & 7)
    }

    /// A register that is written to is no number for the x87 unit: its exponent is all ones.
    func markMultimedia(_ number: UInt8) { cpu.float.pointee.stack[Int(number & 7)].high = 0xFFFF }

    private func setMultimedia(_ number: UInt8, _ value: UInt64) {
        enterMultimedia()
        cpu.float.pointee.stack[Int(number & 7)] = Vector(low: value, high: 0xFFFF)
    }

    func multimediaMove(_ i: UnsafePointer<Instruction>) throws(Fault) {
        try demandMultimedia()
        let (to, from) = (i.pointee.destination, i.pointee.source)
        switch i.pointee.op {
        case .mmxMovd:
            let size = i.pointee.sourceSize
            setMultimedia(to, truncate(try source(i, size), size))
        case .mmxMovdTo:
            try setDestination(i, i.pointee.size == 3 ? 3 : 2, multimediaValue(from))
            enterMultimedia()
        case .mmxMovq where to == Operand.memory:
            try store(address(i), 3, multimediaValue(from))
            enterMultimedia()
        case .mmxMovq:
            setMultimedia(to, from < 0x80 ? multimediaValue(from) : try load(address(i), 3))
        case .movq2dq:
            try demandVectors()
            xmm[Int(to & 15)] = Vector(low: multimediaValue(from))
            enterMultimedia()
        case .movdq2q:
            try demandVectors()
            setMultimedia(to, xmm[Int(from & 15)].low)
        case .emms:
            setStatus(cpu.float.pointee.status & ~0x3800)
            cpu.float.pointee.tags = 0
        default: try storeMaskedWord(i)
        }
    }

    /// MASKMOVQ: the bytes whose mask has its highest bit set.
    private func storeMaskedWord(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let value = multimediaValue(i.pointee.destination)
        let mask = multimediaValue(i.pointee.source)
        let place = (r[7] & addressMask(i)) &+ cpu.bases[Int(i.pointee.segment)]
        if mask & 0x8080_8080_8080_8080 != 0 { try cpu.probeWrite(place, 8) }
        for index in 0..<UInt64(8) where mask >> (8 * index) & 0x80 != 0 {
            try store(place &+ index, 0, value >> (8 * index))
        }
        enterMultimedia()
    }
}
