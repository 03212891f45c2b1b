/// What an instruction does with the arithmetic flags, and with EFLAGS.
struct FlagTraits: OptionSet {
    let rawValue: UInt8
    /// Before it does anything else, its code destroys EFLAGS, and a fault may show the flags.
    static let clobbers = FlagTraits(rawValue: 1)
    /// It depends on some flag, or keeps some and sets others.
    static let reads = FlagTraits(rawValue: 2)
    /// It sets all flags.
    static let defines = FlagTraits(rawValue: 4)
    /// It may leave the unit.
    static let exits = FlagTraits(rawValue: 8)
    /// Somebody's wish to have the core is looked for before it.
    static let polls = FlagTraits(rawValue: 16)

    /// The traits of an instruction; those that the emitter does not know are interpreted.
    static func of(_ i: UnsafePointer<Instruction>, _ mode: UnitMode) -> FlagTraits {
        guard Lowering.isNative(i, mode) else { return [.clobbers] }
        var traits: FlagTraits =
            i.pointee.hasMemory && i.pointee.op != .lea && i.pointee.op != .nop ? [.clobbers] : []
        switch i.pointee.chapter {
        case .arithmetic:
            traits.insert(.defines)
            if i.pointee.op == .adc || i.pointee.op == .sbb { traits.insert(.reads) }
        case .unary: traits.formUnion(unary(i))
        case .multiply: traits.insert(i.pointee.op == .div || i.pointee.op == .idiv ? .clobbers : .defines)
        case .move: traits.formUnion(move(i))
        case .bits: traits.formUnion(bits(i))
        case .branch: traits.formUnion(branch(i))
        case .string: traits.insert(.clobbers)
        case .system: traits.insert(.clobbers)
        case .vectorResult:
            if [.ucomis, .comis, .ptest].contains(i.pointee.op) { traits.insert(.defines) }
        default: break
        }
        return traits
    }

    private static func unary(_ i: UnsafePointer<Instruction>) -> FlagTraits {
        switch i.pointee.op {
        case .not: return []
        case .neg: return .defines
        case .inc, .dec, .rol, .ror, .rcl, .rcr: return .reads
        case .shldCL, .shrdCL: return .reads
        default:
            guard i.pointee.source == Operand.immediate || i.pointee.op == .shld || i.pointee.op == .shrd
            else { return .reads }
            return Lowering.count(i) == 0 ? [] : .defines
        }
    }

    private static func move(_ i: UnsafePointer<Instruction>) -> FlagTraits {
        switch i.pointee.op {
        case .push, .pop, .leave: .clobbers
        case .cmov, .set: .reads
        default: []
        }
    }

    private static func bits(_ i: UnsafePointer<Instruction>) -> FlagTraits {
        switch i.pointee.op {
        case .bt, .bts, .btr, .btc, .clc, .stc, .cmc, .lahf, .sahf, .cmpxchg8, .adcx, .adox: .reads
        case .cld, .std: .clobbers
        case .crc32, .mulx, .pdep, .pext, .rorx, .sarx, .shlx, .shrx: []
        default: .defines
        }
    }

    private static func branch(_ i: UnsafePointer<Instruction>) -> FlagTraits {
        switch i.pointee.op {
        case .jcc: [.reads, .exits]
        case .jmp: .exits
        default: [.clobbers, .exits]
        }
    }
}

/// What a unit's code depends on beside its bytes.
struct UnitMode: Equatable {
    /// The TLB set whose rights hold.
    let set: Int
    /// The guest's vector registers and MXCSR are in the host's.
    let hasVectors: Bool
    /// Each access is checked by itself: for stretches on two pages, and what no check lets through.
    var isPlain = false

    /// Low bits of a unit's key.
    var key: UInt64 { UInt64(set) | (hasVectors ? 4 : 0) | (isPlain ? 8 : 0) }
    static let bits: UInt64 = 4
}
