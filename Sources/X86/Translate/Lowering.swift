/// Which instructions the emitter knows.
enum Lowering {
    /// A shift's count by an immediate, as the processor takes it.
    static func count(_ i: UnsafePointer<Instruction>) -> Int64 {
        i.pointee.immediate & (i.pointee.size == 3 ? 63 : 31)
    }

    static func isNative(_ i: UnsafePointer<Instruction>, _ mode: UnitMode) -> Bool {
        guard !i.pointee.flags.contains(.address16), hasPlainBytes(i) || isPlainHighByte(i), reaches(i) else {
            return false
        }
        switch i.pointee.chapter {
        case .arithmetic: return true
        case .unary: return true
        case .multiply:
            switch i.pointee.op {
            case .mul, .imul, .imul2, .imul3: return true
            case .div, .idiv: return i.pointee.size > 1
            default: return false
            }
        case .move: return isNativeMove(i)
        case .bits: return isNativeBits(i)
        case .branch: return isNativeBranch(i)
        case .vectorMove, .vector, .vectorResult: return mode.hasVectors && isNativeVector(i)
        case .system: return isNativeSystem(i, mode)
        case .string: return isNativeString(i)
        case .x87, .locked, .undefined: return false
        }
    }

    /// An offset from RIP and the one of the instruction make one displacement.
    private static func reaches(_ i: UnsafePointer<Instruction>) -> Bool {
        i.pointee.base != Slot.rip || abs(Int64(i.pointee.displacement)) < 1 << 31 - 8192
    }

    private static func isHigh(_ place: UInt8) -> Bool { place < 0x80 && place & 1 != 0 }

    /// No operand is AH, CH, DH or BH. (Vector registers are numbers, not offsets.)
    private static func hasPlainBytes(_ i: UnsafePointer<Instruction>) -> Bool {
        switch i.pointee.chapter {
        case .vectorMove, .vector, .vectorResult, .system, .x87: true
        default: !isHigh(i.pointee.destination) && !isHigh(i.pointee.source)
        }
    }

    /// With AH, CH, DH or BH there is no REX: all registers must be the host's first eight, at home.
    private static func isPlainHighByte(_ i: UnsafePointer<Instruction>) -> Bool {
        if i.pointee.op == .mov, i.pointee.destination == Operand.memory { return true }
        switch i.pointee.op {
        case .add, .or, .adc, .sbb, .and, .sub, .xor, .cmp, .test: break
        case .mov, .movzx, .movsx: break
        default: return false
        }
        let low = [i.pointee.destination, i.pointee.source].allSatisfy { place in
            place == Operand.immediate || (place < 32) || (place < 64 && place & 1 == 0 && place >> 3 > 5)
        }
        return low && !i.pointee.hasMemory && i.pointee.size < 3
            && (i.pointee.size == 0 || i.pointee.op == .movzx || i.pointee.op == .movsx)
            && (i.pointee.size != 0 || (byteFits(i.pointee.destination) && byteFits(i.pointee.source)))
    }

    private static func byteFits(_ place: UInt8) -> Bool { place == Operand.immediate || place < 32 }

    private static func isNativeMove(_ i: UnsafePointer<Instruction>) -> Bool {
        switch i.pointee.op {
        case .mov:
            // moffs
            return !(i.pointee.extra & 0xFC == 0xA0 && i.pointee.hasMemory && i.pointee.base == Slot.zero)
        case .lea, .movzx, .movsx, .push, .cmov, .set, .convertUp, .convertAcross, .nop, .pause, .movnti,
            .xchg:
            return true
        case .pop: return i.pointee.destination < 0x80
        case .leave: return i.pointee.size == 3
        case .bswap: return i.pointee.size > 1
        default: return false
        }
    }

    /// Not those with operands that are MMX registers or not told.
    private static func isNativeVector(_ i: UnsafePointer<Instruction>) -> Bool {
        switch i.pointee.op {
        case .maskmovdqu, .maskmovq, .emms, .pcmpestrm, .pcmpestri, .pcmpistrm, .pcmpistri: return false
        default:
            let encoding = EncodingTable.shared.encodings[Int(i.pointee.encoding)]
            return encoding.flags.isDisjoint(with: [.mmx, .vex])
        }
    }

    private static func isNativeBits(_ i: UnsafePointer<Instruction>) -> Bool {
        switch i.pointee.op {
        case .bt, .bts, .btr, .btc:
            guard i.pointee.hasMemory, i.pointee.source < 0x80 else { return true }
            return i.pointee.size > 1 && !i.pointee.flags.contains(.address32)
        case .cld, .std, .popcnt, .tzcnt, .lzcnt, .bsf, .bsr, .clc, .stc, .cmc, .lahf, .sahf, .cmpxchg8:
            return true
        case .xadd, .cmpxchg: return i.pointee.hasMemory
        default: return UnitEmitter.isNativeBitManipulation(i)
        }
    }

    /// Repeated, with plain segments and whole addresses.
    private static func isNativeString(_ i: UnsafePointer<Instruction>) -> Bool {
        (i.pointee.op == .movs || i.pointee.op == .stos)
            && !i.pointee.flags.isDisjoint(with: [.rep, .repne]) && !i.pointee.flags.contains(.address32)
            && i.pointee.segment != SegmentSlot.fs && i.pointee.segment != SegmentSlot.gs
    }

    /// Supervisors' instructions need no check of privilege: user mode is another mode.
    private static func isNativeSystem(_ i: UnsafePointer<Instruction>, _ mode: UnitMode) -> Bool {
        switch i.pointee.op {
        case .pushf: i.pointee.size == 3
        case .movFromSegment: i.pointee.destination < 0x80
        case .cli, .sti, .swapgs, .stac, .clac: mode.set != TLB.Set.user.rawValue
        case .sysret: mode.set != TLB.Set.user.rawValue && i.pointee.size == 3
        case .syscall: mode.set == TLB.Set.user.rawValue
        case .rdtsc, .rdtscp, .lfence, .mfence, .sfence: true
        case .movFromControl: mode.set != TLB.Set.user.rawValue && i.pointee.source == 2
        default: false
        }
    }

    private static func isNativeBranch(_ i: UnsafePointer<Instruction>) -> Bool {
        switch i.pointee.op {
        case .jcc, .jmp, .call, .ret, .retImm, .jmpIndirect, .callIndirect: i.pointee.size == 3
        default: false
        }
    }
}
