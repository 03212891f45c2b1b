/// A forward branch whose target is not known yet: the place of its 32-bit displacement.
package struct Fixup {
    let field: UnsafeMutablePointer<UInt8>
}

extension Assembler {
    /// Jumps to code already written.
    package mutating func jump(to target: UnsafePointer<UInt8>) {
        byte(0xe9)
        relative(target)
    }

    package mutating func jump(_ condition: Condition, to target: UnsafePointer<UInt8>) {
        byte(0x0f)
        byte(0x80 | condition.rawValue)
        relative(target)
    }

    package mutating func call(_ target: UnsafePointer<UInt8>) {
        byte(0xe8)
        relative(target)
    }

    /// Jumps to code yet to be written.
    package mutating func jump() -> Fixup {
        byte(0xe9)
        return hole()
    }

    package mutating func jump(_ condition: Condition) -> Fixup {
        byte(0x0f)
        byte(0x80 | condition.rawValue)
        return hole()
    }

    /// Lets `fixup` branch to the cursor.
    package mutating func bind(_ fixup: Fixup) { Self.patch(fixup, to: UnsafePointer(cursor)) }

    /// Lets `fixup` branch to `target`.
    package static func patch(_ fixup: Fixup, to target: UnsafePointer<UInt8>) {
        let distance = Int32(truncatingIfNeeded: target - UnsafePointer(fixup.field + 4))
        UnsafeMutableRawPointer(fixup.field).storeBytes(of: distance, as: Int32.self)
    }

    package mutating func jump(_ target: Register) {
        rex(false, 0, target.code)
        byte(0xff)
        modRM(4, target.code)
    }

    package mutating func call(_ target: Register) {
        rex(false, 0, target.code)
        byte(0xff)
        modRM(2, target.code)
    }

    package mutating func jump(_ target: Address) {
        rex(false, 0, target)
        byte(0xff)
        modRM(4, target)
    }

    package mutating func ret() { byte(0xc3) }

    package mutating func push(_ register: Register) {
        rex(false, 0, register.code)
        byte(0x50 | register.code & 7)
    }

    package mutating func pop(_ register: Register) {
        rex(false, 0, register.code)
        byte(0x58 | register.code & 7)
    }

    /// CMP of a register with the 8 bytes at a place yet to be written.
    package mutating func compare(withDataLater register: Register) -> Fixup {
        rex(true, register.code, 0)
        byte(0x3b)
        byte(0x05 | (register.code & 7) << 3)
        return hole()
    }

    /// Pads with long NOPs so that the next `width`-byte field that starts `offset` bytes from the
    /// cursor lies in one aligned 8-byte word and can be patched by one store.
    package mutating func alignField(offset: Int, width: Int) {
        let place = (UInt(bitPattern: cursor) &+ UInt(offset)) & 7
        if place + UInt(width) > 8 { nop(Int(8 - place)) }
    }

    /// Emits `count` bytes of no-operation in as few instructions as possible.
    package mutating func nop(_ count: Int) {
        var left = count
        while left > 0 {
            switch left {
            case 1: byte(0x90)
            case 2: bytes(0x66, 0x90)
            case 3: bytes(0x0f, 0x1f, 0x00)
            case 4: bytes(0x0f, 0x1f, 0x40, 0x00)
            case 5: bytes(0x0f, 0x1f, 0x44, 0x00, 0x00)
            case 6: bytes(0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00)
            case 7: bytes(0x0f, 0x1f, 0x80, 0, 0, 0, 0)
            default: bytes(0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0)
            }
            left -= min(left, 8)
        }
    }

    private mutating func bytes(_ values: UInt8...) {
        for value in values { byte(value) }
    }

    @inline(__always)
    private mutating func relative(_ target: UnsafePointer<UInt8>) {
        word32(Int32(truncatingIfNeeded: target - UnsafePointer(cursor + 4)))
    }

    @inline(__always)
    private mutating func hole() -> Fixup {
        let field = cursor
        word32(0)
        return Fixup(field: field)
    }
}
