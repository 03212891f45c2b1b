import CLinux

// String instructions (SDM vol. 1, section 7.3.9).
extension Interpreter {
    private enum Register {
        static let rcx = 1
        static let rsi = 6
        static let rdi = 7
    }

    /// After so many turns a repeated instruction looks whether somebody wants the core.
    static let turns = 256

    func string(_ i: UnsafePointer<Instruction>) throws(Fault) {
        guard i.pointee.flags.contains(.rep) || i.pointee.flags.contains(.repne) else {
            return try stringStep(i)
        }
        let mask = addressMask(i)
        let isTraced = isTraced
        var left = isTraced ? 1 : Self.turns
        while r[Register.rcx] & mask != 0 {
            let moved = isTraced ? 0 : try bulk(i)
            if moved == 0 {
                try stringStep(i)
                countDown(1, mask)
                let comparing = i.pointee.op == .cmps || i.pointee.op == .scas
                if comparing, isZero != i.pointee.flags.contains(.rep) { return }
            }
            left -= 1
            if left == 0, r[Register.rcx] & mask != 0 { return pauseRepeat(i) }
        }
    }

    /// Goes back to the instruction, which is interruptible between two turns.
    func pauseRepeat(_ i: UnsafePointer<Instruction>) {
        r[17] &-= UInt64(i.pointee.length)
        endBlock()
    }

    func addressMask(_ i: UnsafePointer<Instruction>) -> UInt64 {
        i.pointee.flags.contains(.address32)
            ? 0xFFFF_FFFF : i.pointee.flags.contains(.address16) ? 0xFFFF : .max
    }

    func countDown(_ count: UInt64, _ mask: UInt64) {
        r[Register.rcx] = mask == 0xFFFF ? r[1] & ~mask | (r[1] &- count) & mask : (r[1] &- count) & mask
    }

    func advance(_ register: Int, _ i: UnsafePointer<Instruction>, _ mask: UInt64, _ bytes: UInt64) {
        let isDown = s.pointee.systemFlags & Flag.direction != 0
        let value = (isDown ? r[register] &- bytes : r[register] &+ bytes) & mask
        r[register] = mask == 0xFFFF ? r[register] & ~mask | value : value
    }

    func stringSource(_ i: UnsafePointer<Instruction>, _ mask: UInt64) -> UInt64 {
        (r[Register.rsi] & mask) &+ cpu.bases[Int(i.pointee.segment)]
    }

    func stringTarget(_ mask: UInt64) -> UInt64 {
        let base = s.pointee.mode == Decoder.Mode.bits64.rawValue ? 0 : cpu.bases[Int(SegmentSlot.es)]
        return (r[Register.rdi] & mask) &+ base
    }

    /// Whether segments allow so many bytes from where the registers point.
    private func fits(_ i: UnsafePointer<Instruction>, _ mask: UInt64, _ bytes: UInt64) -> Bool {
        let flat = s.pointee.flatSegments
        let isTargetSound =
            flat & 1 << SegmentSlot.es != 0
            || cpu.allows(s.pointee.segments[0], r[Register.rdi] & mask, bytes, write: true)
        let slot = i.pointee.segment
        guard i.pointee.op == .movs, flat >> slot & 1 == 0 else { return isTargetSound }
        return isTargetSound
            && cpu.allows(s.pointee.segments[Int(slot)], r[Register.rsi] & mask, bytes, write: false)
    }

    /// Demands that segments allow one turn of a string instruction.
    func checkString(
        _ i: UnsafePointer<Instruction>, _ mask: UInt64, reads: Bool, target: Bool, writes: Bool
    ) throws(Fault) {
        let bytes = UInt64(1) << UInt64(i.pointee.size)
        if reads {
            try cpu.checkSegment(i.pointee.segment, r[Register.rsi] & mask, bytes, write: false)
        }
        if target { try cpu.checkSegment(SegmentSlot.es, r[Register.rdi] & mask, bytes, write: writes) }
    }

    private func stringStep(_ i: UnsafePointer<Instruction>) throws(Fault) {
        if !cpu.isWide {
            let op = i.pointee.op
            try checkString(
                i, addressMask(i), reads: op == .movs || op == .lods || op == .cmps, target: op != .lods,
                writes: op == .movs || op == .stos)
        }
        let size = i.pointee.size
        let mask = addressMask(i)
        let bytes = UInt64(1) << UInt64(size)
        let room = room(size)
        switch i.pointee.op {
        case .movs:
            try store(stringTarget(mask), size, try load(stringSource(i, mask), size))
            advance(Register.rsi, i, mask, bytes)
            advance(Register.rdi, i, mask, bytes)
        case .stos:
            try store(stringTarget(mask), size, r[0])
            advance(Register.rdi, i, mask, bytes)
        case .lods:
            setRegister(0, size, try load(stringSource(i, mask), size))
            advance(Register.rsi, i, mask, bytes)
        case .cmps:
            let b = try load(stringTarget(mask), size) &<< room
            let a = try load(stringSource(i, mask), size) &<< room
            subtractFlags(a, b, a &- b, room)
            advance(Register.rsi, i, mask, bytes)
            advance(Register.rdi, i, mask, bytes)
        default:
            let a = r[0] &<< room
            let b = try load(stringTarget(mask), size) &<< room
            subtractFlags(a, b, a &- b, room)
            advance(Register.rdi, i, mask, bytes)
        }
    }

    /// Does as many upward turns of REP MOVS and REP STOS at once as stay in one page on each side.
    ///
    /// - Returns: how many; 0 when they must be made one by one.
    private func bulk(_ i: UnsafePointer<Instruction>) throws(Fault) -> UInt64 {
        let isCopy = i.pointee.op == .movs
        guard isCopy || i.pointee.op == .stos, s.pointee.systemFlags & Flag.direction == 0 else { return 0 }
        let mask = addressMask(i)
        let size = UInt64(i.pointee.size)
        let target = stringTarget(mask)
        let from = isCopy ? stringSource(i, mask) : target
        let reach = min(4096 - target & 0xFFF, 4096 - from & 0xFFF)
        // Short of where an address wraps.
        let room = min(mask &- r[Register.rdi] & mask, isCopy ? mask &- r[Register.rsi] & mask : .max)
        let count = min(r[Register.rcx] & mask, reach >> size, room >> size)
        let bytes = count << size
        if !cpu.isWide, count > 1, !fits(i, mask, bytes) { return 0 }
        guard count > 1, let to = direct(target, bytes, write: true) else { return 0 }
        if isCopy {
            // Overlapping copies repeat what was just written.
            guard let source = direct(from, bytes, write: false), to <= source || to >= source + Int(bytes)
            else {
                return 0
            }
            to.copyMemory(from: source, byteCount: Int(bytes))
            advance(Register.rsi, i, mask, bytes)
        } else {
            fill(to, Int(count), i.pointee.size)
        }
        advance(Register.rdi, i, mask, bytes)
        countDown(count, mask)
        return count
    }

    private func fill(_ place: UnsafeMutableRawPointer, _ count: Int, _ size: UInt8) {
        switch size {
        case 0:
            place.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: r[0]), count: count)
        case 1:
            for index in 0..<count {
                (place + 2 * index).storeBytes(of: UInt16(truncatingIfNeeded: r[0]), as: UInt16.self)
            }
        case 2:
            for index in 0..<count {
                (place + 4 * index).storeBytes(of: UInt32(truncatingIfNeeded: r[0]), as: UInt32.self)
            }
        default:
            for index in 0..<count { (place + 8 * index).storeBytes(of: r[0], as: UInt64.self) }
        }
    }
}
