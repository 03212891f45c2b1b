/// Writes x86-64 instructions at a cursor. It never fails: callers reserve room first
/// (`CodeBuffer.reserve`), and no instruction is longer than 15 bytes.
///
/// The writable view and the executable view of the code lie a constant distance apart, so
/// relative branches within the code need no correction.
package struct Assembler: ~Copyable {
    package var cursor: UnsafeMutablePointer<UInt8>

    @inline(__always)
    package init(at start: UnsafeMutablePointer<UInt8>) { cursor = start }

    // MARK: Raw bytes

    @inline(__always)
    package mutating func byte(_ value: UInt8) {
        cursor.pointee = value
        cursor += 1
    }

    @inline(__always)
    package mutating func word32(_ value: Int32) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value, as: Int32.self)
        cursor += 4
    }

    @inline(__always)
    package mutating func word64(_ value: UInt64) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value, as: UInt64.self)
        cursor += 8
    }

    // MARK: Prefixes and operands

    /// REX for a register operand in ModRM.rm; always emitted for byte registers above `bl`.
    @inline(__always)
    mutating func rex(_ wide: Bool, _ reg: UInt8, _ rm: UInt8, force: Bool = false) {
        let value: UInt8 = (wide ? 8 : 0) | (reg >> 3) << 2 | rm >> 3
        if value != 0 || force { byte(0x40 | value) }
    }

    @inline(__always)
    mutating func rex(_ wide: Bool, _ reg: UInt8, _ address: Address, force: Bool = false) {
        let value: UInt8 =
            (wide ? 8 : 0) | (reg >> 3) << 2 | (address.index.code >> 3) << 1 | address.base.code >> 3
        if value != 0 || force { byte(0x40 | value) }
    }

    @inline(__always)
    mutating func modRM(_ reg: UInt8, _ rm: UInt8) { byte(0xc0 | (reg & 7) << 3 | rm & 7) }

    @inline(__always)
    mutating func modRM(_ reg: UInt8, _ address: Address) {
        let base = address.base.code & 7
        let field = (reg & 7) << 3
        let needsSIB = base == 4 || address.index != .rsp
        let short = address.displacement >= -128 && address.displacement <= 127
        let mod: UInt8 = address.displacement == 0 && base != 5 ? 0 : short ? 0x40 : 0x80
        byte(mod | field | (needsSIB ? 4 : base))
        if needsSIB { byte(address.shift << 6 | (address.index.code & 7) << 3 | base) }
        if mod == 0x40 { byte(UInt8(truncatingIfNeeded: address.displacement)) }
        if mod == 0x80 { word32(address.displacement) }
    }

    // MARK: Moves

    @inline(__always)
    package mutating func mov(_ to: Register, _ from: Register, _ size: Size = .b64) {
        rex(size == .b64, from.code, to.code)
        byte(0x89)
        modRM(from.code, to.code)
    }

    /// Loads 32 (zero-extending) or 64 bits.
    @inline(__always)
    package mutating func load(_ to: Register, _ from: Address, _ size: Size = .b64) {
        rex(size == .b64, to.code, from)
        byte(0x8b)
        modRM(to.code, from)
    }

    package mutating func store(_ to: Address, _ from: Register, _ size: Size = .b64) {
        if size == .b16 { byte(0x66) }
        rex(size == .b64, from.code, to, force: size == .b8)
        byte(size == .b8 ? 0x88 : 0x89)
        modRM(from.code, to)
    }

    /// Stores a sign-extended 32-bit immediate (or its low bits).
    package mutating func store(_ to: Address, immediate: Int32, _ size: Size = .b64) {
        if size == .b16 { byte(0x66) }
        rex(size == .b64, 0, to)
        byte(size == .b8 ? 0xc6 : 0xc7)
        modRM(0, to)
        switch size {
        case .b8: byte(UInt8(truncatingIfNeeded: immediate))
        case .b16:
            byte(UInt8(truncatingIfNeeded: immediate))
            byte(UInt8(truncatingIfNeeded: immediate >> 8))
        default: word32(immediate)
        }
    }

    /// Loads a constant by the shortest encoding; leaves the flags alone.
    package mutating func mov(_ to: Register, immediate value: Int64) {
        if let unsigned = UInt32(exactly: value) {
            rex(false, 0, to.code)
            byte(0xb8 | to.code & 7)
            word32(Int32(bitPattern: unsigned))
        } else if let signed = Int32(exactly: value) {
            rex(true, 0, to.code)
            byte(0xc7)
            modRM(0, to.code)
            word32(signed)
        } else {
            rex(true, 0, to.code)
            byte(0xb8 | to.code & 7)
            word64(UInt64(bitPattern: value))
        }
    }

    /// Sets a register to zero; destroys the flags.
    package mutating func clear(_ to: Register) {
        rex(false, to.code, to.code)
        byte(0x31)
        modRM(to.code, to.code)
    }

    package mutating func lea(_ to: Register, _ from: Address, _ size: Size = .b64) {
        rex(size == .b64, to.code, from)
        byte(0x8d)
        modRM(to.code, from)
    }

    /// MOVZX / MOVSX / MOVSXD from memory: loads `size` bytes and extends to 64 bits.
    package mutating func load(_ to: Register, _ from: Address, _ size: Size, signed: Bool) {
        switch (size, signed) {
        case (.b64, _), (.b32, false): load(to, from, size)
        case (.b32, true):
            rex(true, to.code, from)
            byte(0x63)
            modRM(to.code, from)
        default:
            rex(signed, to.code, from)
            byte(0x0f)
            byte((signed ? 0xbe : 0xb6) | (size == .b16 ? 1 : 0))
            modRM(to.code, from)
        }
    }

    /// MOVZX / MOVSX / MOVSXD between registers.
    package mutating func extend(_ to: Register, _ from: Register, _ size: Size, signed: Bool) {
        switch (size, signed) {
        case (.b64, _), (.b32, false): mov(to, from, size)
        case (.b32, true):
            rex(true, to.code, from.code)
            byte(0x63)
            modRM(to.code, from.code)
        default:
            rex(signed, to.code, from.code, force: size == .b8)
            byte(0x0f)
            byte((signed ? 0xbe : 0xb6) | (size == .b16 ? 1 : 0))
            modRM(to.code, from.code)
        }
    }

    // MARK: Arithmetic

    @inline(__always)
    package mutating func alu(_ op: ALU, _ to: Register, _ from: Register, _ size: Size = .b64) {
        rex(size == .b64, from.code, to.code)
        byte(op.rawValue << 3 | 1)
        modRM(from.code, to.code)
    }

    @inline(__always)
    package mutating func alu(_ op: ALU, _ to: Register, _ from: Address, _ size: Size = .b64) {
        rex(size == .b64, to.code, from)
        byte(op.rawValue << 3 | 3)
        modRM(to.code, from)
    }

    @inline(__always)
    package mutating func alu(_ op: ALU, _ to: Address, _ from: Register, _ size: Size = .b64) {
        rex(size == .b64, from.code, to)
        byte(op.rawValue << 3 | 1)
        modRM(from.code, to)
    }

    package mutating func alu(_ op: ALU, _ to: Register, immediate: Int32, _ size: Size = .b64) {
        let short = immediate >= -128 && immediate <= 127
        rex(size == .b64, 0, to.code)
        byte(short ? 0x83 : 0x81)
        modRM(op.rawValue, to.code)
        if short { byte(UInt8(truncatingIfNeeded: immediate)) } else { word32(immediate) }
    }

    package mutating func alu(_ op: ALU, _ to: Address, immediate: Int32, _ size: Size = .b64) {
        let short = immediate >= -128 && immediate <= 127
        rex(size == .b64, 0, to)
        byte(short ? 0x83 : 0x81)
        modRM(op.rawValue, to)
        if short { byte(UInt8(truncatingIfNeeded: immediate)) } else { word32(immediate) }
    }

    package mutating func test(_ a: Register, _ b: Register, _ size: Size = .b64) {
        rex(size == .b64, b.code, a.code)
        byte(0x85)
        modRM(b.code, a.code)
    }

    package mutating func test(_ a: Register, immediate: Int32, _ size: Size = .b32) {
        rex(size == .b64, 0, a.code)
        byte(0xf7)
        modRM(0, a.code)
        word32(immediate)
    }

    package mutating func unary(_ op: Unary, _ on: Register, _ size: Size = .b64) {
        rex(size == .b64, 0, on.code)
        byte(0xf7)
        modRM(op.rawValue, on.code)
    }

    package mutating func unary(_ op: Unary, _ on: Address, _ size: Size = .b64) {
        rex(size == .b64, 0, on)
        byte(0xf7)
        modRM(op.rawValue, on)
    }

    package mutating func imul(_ to: Register, _ by: Register, _ size: Size = .b64) {
        twoByte(0xaf, to, by, size)
    }

    package mutating func imul(_ to: Register, _ by: Address, _ size: Size = .b64) {
        rex(size == .b64, to.code, by)
        byte(0x0f)
        byte(0xaf)
        modRM(to.code, by)
    }

    package mutating func shift(_ op: Shift, _ on: Register, by count: UInt8, _ size: Size = .b64) {
        rex(size == .b64, 0, on.code)
        byte(0xc1)
        modRM(op.rawValue, on.code)
        byte(count)
    }

    /// Shifts by CL.
    package mutating func shift(_ op: Shift, _ on: Register, _ size: Size = .b64) {
        rex(size == .b64, 0, on.code)
        byte(0xd3)
        modRM(op.rawValue, on.code)
    }

    /// Sign-extends RAX into RDX:RAX (CQO) or EAX into EDX:EAX (CDQ).
    package mutating func signExtendAccumulator(_ size: Size) {
        if size == .b64 { byte(0x48) }
        byte(0x99)
    }

    package mutating func bswap(_ on: Register) {
        rex(true, 0, on.code)
        byte(0x0f)
        byte(0xc8 | on.code & 7)
    }

    @inline(__always)
    mutating func twoByte(_ opcode: UInt8, _ reg: Register, _ rm: Register, _ size: Size) {
        rex(size == .b64, reg.code, rm.code)
        byte(0x0f)
        byte(opcode)
        modRM(reg.code, rm.code)
    }

    /// POPCNT (0xb8), TZCNT (0xbc), LZCNT (0xbd).
    package mutating func count(_ opcode: UInt8, _ to: Register, _ from: Register, _ size: Size) {
        byte(0xf3)
        twoByte(opcode, to, from, size)
    }

    /// BT, BTS, BTR, BTC with a register bit number.
    package mutating func bit(_ op: BitOperation, _ on: Register, _ number: Register) {
        twoByte(0x83 | op.rawValue << 3, number, on, .b64)
    }

    /// BT, BTS, BTR, BTC with an immediate bit number.
    package mutating func bit(_ op: BitOperation, _ on: Register, immediate: UInt8) {
        rex(true, 0, on.code)
        byte(0x0f)
        byte(0xba)
        modRM(op.rawValue, on.code)
        byte(immediate)
    }

    package enum BitOperation: UInt8 { case test = 4, set, reset, complement }

    // MARK: Conditions

    package mutating func set(_ condition: Condition, _ to: Register) {
        rex(false, 0, to.code, force: true)
        byte(0x0f)
        byte(0x90 | condition.rawValue)
        modRM(0, to.code)
    }

    package mutating func cmov(_ condition: Condition, _ to: Register, _ from: Register, _ size: Size = .b64)
    {
        twoByte(0x40 | condition.rawValue, to, from, size)
    }

    // MARK: Atomics

    /// The prefix that makes what follows atomic among processors.
    package mutating func lock() { byte(0xf0) }

    package mutating func compareExchange(_ at: Address, _ new: Register, _ size: Size) {
        rex(size == .b64, new.code, at)
        byte(0x0f)
        byte(0xb1)
        modRM(new.code, at)
    }

    package mutating func exchangeAdd(_ at: Address, _ value: Register, _ size: Size) {
        rex(size == .b64, value.code, at)
        byte(0x0f)
        byte(0xc1)
        modRM(value.code, at)
    }

    /// XCHG with memory, which locks by itself.
    package mutating func exchange(_ at: Address, _ value: Register, _ size: Size) {
        rex(size == .b64, value.code, at)
        byte(0x87)
        modRM(value.code, at)
    }

    /// A full fence: cheaper than MFENCE by an order of magnitude.
    package mutating func fence() {
        lock()
        alu(.or, Address(.rsp), immediate: 0, .b32)
    }

    package mutating func rdtsc() {
        byte(0x0f)
        byte(0x31)
    }
}
