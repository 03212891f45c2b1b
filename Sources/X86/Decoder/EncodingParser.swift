/// Reads one line of `encodingChapters`.
struct EncodingParser {
    private var cursor: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    init(_ text: StaticString) {
        cursor = text.utf8Start
        end = cursor + text.utf8CodeUnitCount
    }

    var isAtEnd: Bool { cursor >= end }

    private var next: UInt8 { cursor < end ? cursor.pointee : 0 }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        cursor += 1
        return true
    }

    private mutating func advance() -> UInt8 {
        let byte = next
        if cursor < end { cursor += 1 }
        return byte
    }

    /// Gives every encoding of the next line to `body`.
    mutating func line(_ op: Operation, _ chapter: Chapter, _ body: (Encoding) -> Void) {
        while cursor < end, next != UInt8(ascii: " "), next != UInt8(ascii: "\n") { cursor += 1 }
        while take(" ") {
            var encoding = Encoding()
            encoding.op = op
            encoding.chapter = chapter
            opcode(&encoding)
            if take(":") { operands(&encoding) }
            if take("+") { flags(&encoding) }
            body(encoding)
        }
        _ = take("\n")
    }

    private mutating func opcode(_ encoding: inout Encoding) {
        switch next {
        case UInt8(ascii: "n"): encoding.prefix = .none
        case UInt8(ascii: "p"): encoding.prefix = .p66
        case UInt8(ascii: "s"): encoding.prefix = .pF3
        case UInt8(ascii: "r"): encoding.prefix = .pF2
        default: break
        }
        if encoding.prefix != .any { cursor += 1 }
        encoding.opcode = hexadecimal()
        if encoding.opcode == 0x0F, Self.digit(next) != nil {
            encoding.map = 1
            encoding.opcode = hexadecimal()
            if encoding.opcode == 0x38 || encoding.opcode == 0x3A, Self.digit(next) != nil {
                encoding.map = encoding.opcode == 0x38 ? 2 : 3
                encoding.opcode = hexadecimal()
            }
        }
        if take("*") { encoding.span = 16 }
        if take("&") { encoding.span = 8 }
        if take("/") { encoding.digit = advance() & 7 }
        if take("=") { encoding.exactModRM = hexadecimal() }
    }

    private mutating func hexadecimal() -> UInt8 {
        let high = Self.digit(advance()) ?? 0
        return high << 4 | (Self.digit(advance()) ?? 0)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private mutating func operands(_ encoding: inout Encoding) {
        encoding.first = operand()
        if take(",") { encoding.second = operand() }
        if take(",") { encoding.third = operand() }
        for operand in [encoding.first, encoding.second] {
            switch operand.kind {
            case .mmxReg, .mmxOrMemory, .mmxRM: encoding.flags.insert(.mmx)
            case .vectorReg, .vectorOrMemory, .vectorRM: encoding.flags.insert(.vector)
            default: break
            }
        }
    }

    private mutating func operand() -> Encoding.Operand {
        let kind = Self.kinds.first { UInt8(ascii: $0.0) == next }?.1 ?? .none
        _ = advance()
        let size = Self.sizes.first { UInt8(ascii: $0.0) == next }?.1 ?? .none
        _ = advance()
        return Encoding.Operand(kind: kind, size: size)
    }

    private mutating func flags(_ encoding: inout Encoding) {
        while let flag = Self.flags.first(where: { UInt8(ascii: $0.0) == next }) {
            encoding.flags.insert(flag.1)
            cursor += 1
        }
    }

    private static let kinds: [(Unicode.Scalar, Encoding.Kind)] = [
        ("E", .registerOrMemory), ("M", .memory), ("R", .register), ("G", .reg), ("Z", .opcodeRegister),
        ("A", .accumulator), ("C", .countCL), ("V", .vectorReg), ("W", .vectorOrMemory), ("U", .vectorRM),
        ("S", .segment), ("K", .control), ("D", .debug), ("O", .offset), ("J", .relative), ("I", .immediate),
        ("_", .implicit), ("F", .anything), ("B", .vexRegister),
        ("P", .mmxReg), ("Q", .mmxOrMemory), ("N", .mmxRM),
    ]
    private static let sizes: [(Unicode.Scalar, Encoding.Size)] = [
        ("b", .byte), ("w", .word), ("d", .double), ("q", .quad), ("x", .vector16), ("v", .operand),
        ("y", .wide),
        ("z", .limited), ("s", .signedByte), ("1", .one), ("p", .pointer), ("_", .none),
    ]
    private static let flags: [(Unicode.Scalar, Encoding.Flags)] = [
        ("l", .lockable), ("6", .default64), ("f", .force64), ("x", .not64), ("o", .only64), ("m", .float),
        ("0", .usesXMM0), ("u", .unaligned), ("v", .vex),
    ]
}
