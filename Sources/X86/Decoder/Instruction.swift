/// One decoded instruction, 32 bytes. Fields that its encoding lacks are zero.
package struct Instruction: Sendable, Equatable {
    /// A displacement or moffs address' lower half; a relative target is in `immediate`.
    package var displacement: Int32 = 0
    package var op = Operation.undefined
    /// Which line of the table it comes from: native code for vector operations is kept by it.
    package var encoding: UInt16 = 0
    package var immediate: Int64 = 0
    package var chapter = Chapter.undefined
    /// Bytes it occupies, 1 to 15.
    package var length: UInt8 = 0
    /// The operand size as a power of two: 0 to 3, or 4 for vectors.
    package var size: UInt8 = 0
    /// The size of the operand in memory, or of the second one, as a power of two.
    package var sourceSize: UInt8 = 0
    package var destination = Operand.none
    package var source = Operand.none
    /// Slots of the register file that an address is made of: `Slot`.
    package var base = Slot.zero
    package var index = Slot.zero
    /// The index is shifted left by so many bits.
    package var scale: UInt8 = 0
    /// Slot of the segment base to add: `SegmentSlot`.
    package var segment = SegmentSlot.flat
    package var flags: Flags = []
    /// The last byte of the opcode, or ModRM where the opcode has no operands for it.
    package var extra: UInt8 = 0

    package init() {}

    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let lock = Flags(rawValue: 1)
        /// F3 (REP, REPE).
        package static let rep = Flags(rawValue: 2)
        /// F2 (REPNE).
        package static let repne = Flags(rawValue: 4)
        /// Addresses are 32 bits wide.
        package static let address32 = Flags(rawValue: 8)
        /// Addresses are 16 bits wide.
        package static let address16 = Flags(rawValue: 16)
        /// A vector operand in memory may lie anywhere.
        package static let unaligned = Flags(rawValue: 32)
        /// It obeys and changes MXCSR.
        package static let float = Flags(rawValue: 64)
        /// Longer than 15 bytes: not #UD but #GP.
        package static let overlong = Flags(rawValue: 128)
    }

    /// Whether one of the operands lies in memory.
    package var hasMemory: Bool { destination == Operand.memory || source == Operand.memory }
}

/// Where an operand is. Values below 0x80 name registers: for integers the offset of the register's lowest
/// byte in the register file (eight times the number, and one more for AH, CH, DH and BH), for vectors,
/// segments, control and debug registers the number.
package enum Operand {
    package static let memory: UInt8 = 0x80
    package static let immediate: UInt8 = 0x81
    package static let none: UInt8 = 0xFF
}

/// Slots of the register file beyond the sixteen registers.
package enum Slot {
    /// Always zero.
    package static let zero: UInt8 = 16
    /// Address of the instruction after the one at work.
    package static let rip: UInt8 = 17
    package static let count = 18
}

/// Slots of the array of segment bases: the six registers in the manual's order, then two that are always
/// zero for what 64-bit mode does not segment.
package enum SegmentSlot {
    package static let es: UInt8 = 0
    package static let cs: UInt8 = 1
    package static let ss: UInt8 = 2
    package static let ds: UInt8 = 3
    package static let fs: UInt8 = 4
    package static let gs: UInt8 = 5
    package static let flat: UInt8 = 6
    /// Flat, too, but a non-canonical address raises #SS instead of #GP.
    package static let flatStack: UInt8 = 7
}
