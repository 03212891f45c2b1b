import NativeRun
import X86

/// Makes cases, runs each natively and interpreted or translated, and tells the differences.
struct NativeComparison {
    private var instructions: RandomInstructions
    private let machine: UserMachine
    private let length: Int

    private struct Made {
        var bytes: [UInt8] = []
        var names: [String] = []
        /// Flags that the manual leaves undefined after the last instruction.
        var undefined: UInt64 = 0
    }

    init(seed: UInt64, length: Int, translated: Bool, _ isWanted: (Encoding) -> Bool) throws {
        instructions = RandomInstructions(seed: seed, isWanted)
        machine = try UserMachine(translated: translated)
        self.length = length
        // Within a sequence branches lead to the next instruction.
        if length > 1 { instructions.longestJump = 0 }
    }

    /// Instructions whose results the manual leaves open, or that leave the case.
    static func isComparable(_ encoding: Encoding) -> Bool {
        switch encoding.op {
        case .ud2, .ud1, .ud0, .int1, .int, .pause: false
        default: !encoding.flags.contains(.not64)
        }
    }

    /// Runs `count` cases; a line for each that differs.
    mutating func round(_ count: Int) throws -> [String] {
        guard let native = native_allocate(Int32(count)), let own = native_allocate(Int32(count)) else {
            throw Fault.double
        }
        defer {
            native_release(native, Int32(count))
            native_release(own, Int32(count))
        }
        var made: [Made] = []
        for index in 0..<count {
            made.append(make(&native[index]))
            own[index] = native[index]
        }
        var endless: [Int] = []
        var done = Int(native_run(native, Int32(count)))
        while done < count {
            // A jump that has found its way back to itself.
            endless.append(done)
            guard endless.count < 4 else {
                return ["the child ended at \(made[done].names) \(hex(made[done].bytes))"]
            }
            done += 1
            if done < count { done += Int(native_run(native + done, Int32(count - done))) }
        }
        return (0..<count).compactMap { index in
            if endless.contains(index) { return nil }
            machine.run(&own[index])
            return difference(&native[index], &own[index], made[index])
        }
    }

    private mutating func make(_ test: inout native_case) -> Made {
        var made = Made()
        for _ in 0..<length where made.names.last != "cmps" {
            let (bytes, encoding) = nextComparable()
            made.bytes += bytes
            made.names.append("\(encoding.op)")
            made.undefined = UndefinedFlags.of(encoding.op)
            if made.undefined != 0 { break }
        }
        test.rip = UInt64(NATIVE_CODE)
        test.rflags = instructions.generator.next() & 0xCD5 | 0x202
        withUnsafeMutableBytes(of: &test.code) {
            for index in 0..<$0.count { $0[index] = index < made.bytes.count ? made.bytes[index] : 0xCC }
        }
        let code = test.code
        _ = code
        withUnsafeMutableBytes(of: &test.data) { fill($0) }
        withUnsafeMutableBytes(of: &test.r) { registers in
            for index in 0..<16 {
                registers.storeBytes(of: value(index), toByteOffset: 8 * index, as: UInt64.self)
            }
        }
        withUnsafeMutableBytes(of: &test.area) { area($0) }
        return made
    }

    /// x87 environments hold addresses, which are not the same; of FNSAVE and FRSTOR there is
    /// nothing yet, and what FNINIT leaves in empty registers the kernel does not tell. A MOVSXD of 16 bits reads
    /// two bytes or four.
    private mutating func nextComparable() -> (bytes: [UInt8], encoding: Encoding) {
        while true {
            let (bytes, encoding) = instructions.next()
            if encoding.op == .movsx, encoding.opcode == 0x63, bytes.contains(0x66) { continue }
            let padded = bytes + [UInt8](repeating: 0xCC, count: 16)
            guard encoding.chapter == .x87, let decoded = Decoder().decode(padded, count: 16, .bits64) else {
                return (bytes, encoding)
            }
            let isMemory = decoded.extra < 0xC0
            let digit = decoded.extra >> 3 & 7
            let isEnvironment =
                isMemory && [0xD9, 0xDD].contains(encoding.opcode) && (digit == 4 || digit == 6)
            let isOld = encoding.opcode == 0xDB && [0xE0, 0xE1, 0xE3, 0xE4].contains(decoded.extra)
            if !isEnvironment, !isOld { return (bytes, encoding) }
        }
    }

    private mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {
        for offset in stride(from: 0, to: bytes.count, by: 8) {
            bytes.storeBytes(of: instructions.generator.next(), toByteOffset: offset, as: UInt64.self)
        }
    }

    /// Addresses of data, small numbers, anything.
    private mutating func value(_ index: Int) -> UInt64 {
        let word = instructions.generator.next()
        let address = UInt64(NATIVE_DATA) + 0xE00 + (word >> 8 & 0x3FF)
        if index == 4 { return address & ~7 }
        if index == 1, word & 1 != 0 { return word >> 8 & 0x1F }
        switch word & 15 {
        case 0...8: return address & ~15
        case 9: return address
        case 10: return UInt64(NATIVE_DATA) + 0x2000 - (word >> 8 & 31)
        case 11: return word >> 8 & 0xFF
        case 12: return UInt64(bitPattern: -Int64(word >> 8 & 0xFF))
        // Not the address of the code, which would be changed or run for ever.
        case 13: return 1 << (word >> 8 & 63) & ~UInt64(NATIVE_CODE)
        default: return instructions.generator.next()
        }
    }

    /// Numbers of all kinds in the vector registers, an empty x87 stack.
    private mutating func area(_ bytes: UnsafeMutableRawBufferPointer) {
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        bytes.storeBytes(of: 0x37F, as: UInt16.self)
        let rounding = UInt32(instructions.generator.next() & 3) << 13
        bytes.storeBytes(of: 0x1F80 | rounding, toByteOffset: 24, as: UInt32.self)
        bytes.storeBytes(of: 0xFFFF, toByteOffset: 28, as: UInt32.self)
        let doubles = [0, -0.0, 1, -1, 1.5, 1e300, -1e300, 1e-310, .infinity, .nan, 4294967296.5, 3e9]
        fillStack(bytes)
        for register in 0..<32 {
            let word = instructions.generator.next()
            let pick = doubles[Int(word >> 8) % doubles.count]
            let pair =
                UInt64(Float(pick).bitPattern) << 32
                | UInt64(Float(doubles[Int(word >> 16) % doubles.count]).bitPattern)
            let value = word & 3 == 0 ? instructions.generator.next() : word & 3 == 1 ? pick.bitPattern : pair
            bytes.storeBytes(of: value, toByteOffset: 160 + 8 * register, as: UInt64.self)
        }
    }

    /// Doubles in five x87 registers, the other three empty.
    private mutating func fillStack(_ bytes: UnsafeMutableRawBufferPointer) {
        let top = UInt16(instructions.generator.next() & 7)
        bytes.storeBytes(of: top << 11, toByteOffset: 2, as: UInt16.self)
        var tags: UInt8 = 0
        for position in 0..<5 {
            tags |= 1 << UInt8((Int(top) + position) & 7)
            let value = Float80(Double(Int64(truncatingIfNeeded: instructions.generator.next()) >> 40) / 8)
            withUnsafeBytes(of: value) { image in
                for index in 0..<10 { bytes[32 + 16 * position + index] = image[index] }
            }
        }
        bytes[4] = tags
    }

    // MARK: Comparing

    private func difference(_ native: inout native_case, _ own: inout native_case, _ made: Made) -> String? {
        var texts: [String] = []
        let ends = (native.vector, own.vector)
        if Latitude.allows(made.names, ends.0, ends.1) { return nil }
        if ends.0 != ends.1 {
            texts.append("vector \(ends.0) is \(ends.1) (error \(own.error), cr2 \(hex(own.cr2)))")
        }
        Latitude.level(made.names, made.bytes, &native, &own)
        // What the kernel maps for itself is present, but not for users.
        let present = native.cr2 >= 0x7FFF_0000_0000 && ends.0 == 14 ? ~PageFaultCode.present : .max
        if ends.0 == ends.1, [12, 13, 14].contains(ends.0), native.error & present != own.error & present {
            texts.append("error \(native.error) is \(own.error) at \(hex(native.cr2))")
        }
        if ends.0 == 14, native.cr2 != own.cr2 { texts.append("cr2 \(hex(native.cr2)) is \(hex(own.cr2))") }
        if native.rip != own.rip { texts.append("rip \(hex(native.rip)) is \(hex(own.rip))") }
        // A fault leaves flags as they were, but for what the instructions before it left undefined.
        let mask = 0xCD5 & ~made.undefined
        if native.rflags & mask != own.rflags & mask {
            texts.append("flags \(hex(native.rflags & mask)) is \(hex(own.rflags & mask))")
        }
        for index in 0..<16 {
            let pair = (word(&native.r, index), word(&own.r, index))
            if pair.0 != pair.1 { texts.append("r\(index) \(hex(pair.0)) is \(hex(pair.1))") }
        }
        // Control, status and tags; not where the instruction was.
        let control = (word(&native.area, 0) & 0xFF_FFFF_FFFF, word(&own.area, 0) & 0xFF_FFFF_FFFF)
        // Of an MMX store that faults, processors may have begun to enter MMX state, or not.
        let isOpen =
            [12, 13, 14].contains(ends.0) && made.names.contains { $0.hasPrefix("mmx") || $0 == "maskmovq" }
        if !isOpen, control.0 != control.1 { texts.append("x87 \(hex(control.0)) is \(hex(control.1))") }
        for index in 0..<16 where !isOpen {
            let pair = (word(&native.area, 4 + index), word(&own.area, 4 + index))
            if pair.0 != pair.1 {
                texts.append("st\(index / 2).\(index & 1) \(hex(pair.0)) is \(hex(pair.1))")
            }
        }
        for index in 0..<32 {
            let pair = (word(&native.area, 20 + index), word(&own.area, 20 + index))
            if pair.0 != pair.1 {
                texts.append("xmm\(index / 2).\(index & 1) \(hex(pair.0)) is \(hex(pair.1))")
            }
        }
        if word(&native.area, 3) & 0xFFFF != word(&own.area, 3) & 0xFFFF {
            texts.append("mxcsr \(hex(word(&native.area, 3))) is \(hex(word(&own.area, 3)))")
        }
        for index in 0..<Int(NATIVE_DATA_SIZE) / 8 {
            let pair = (word(&native.data, index), word(&own.data, index))
            if pair.0 != pair.1 {
                texts.append("data+\(hex(UInt64(8 * index))) \(hex(pair.0)) is \(hex(pair.1))")
            }
        }
        guard !texts.isEmpty else { return nil }
        return "\(made.names) \(hex(made.bytes)): \(texts.prefix(6).joined(separator: ", "))"
    }

    private func word<Field>(_ field: inout Field, _ index: Int) -> UInt64 {
        withUnsafeBytes(of: &field) { $0.load(fromByteOffset: 8 * index, as: UInt64.self) }
    }

    private func hex(_ value: UInt64) -> String { String(value, radix: 16) }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 + 0, radix: 16) }.joined(separator: " ")
    }
}

/// Which flags an operation leaves undefined, or defined only for some counts.
enum UndefinedFlags {
    static func of(_ op: Operation) -> UInt64 {
        let adjust = Flag.adjust
        switch op {
        case .and, .or, .xor, .test: return adjust
        case .mul, .imul, .imul2, .imul3: return Flag.sign | Flag.zero | adjust | Flag.parity
        case .div, .idiv: return Flag.arithmetic
        case .shl, .shr, .sar: return adjust | Flag.overflow | Flag.carry
        case .shld, .shrd, .shldCL, .shrdCL: return adjust | Flag.overflow | Flag.carry
        case .rol, .ror, .rcl, .rcr: return Flag.overflow
        case .bsf, .bsr, .tzcnt, .lzcnt: return Flag.arithmetic & ~Flag.zero
        case .daa, .das: return Flag.overflow
        case .aaa, .aas: return Flag.overflow | Flag.sign | Flag.zero | Flag.parity
        case .aam, .aad: return Flag.overflow | adjust | Flag.carry
        case .andn, .blsr, .blsmsk, .blsi, .bzhi: return adjust | Flag.parity
        case .bextr: return adjust | Flag.parity | Flag.sign
        case .bt, .bts, .btr, .btc: return Flag.overflow | Flag.sign | adjust | Flag.parity
        default: return 0
        }
    }
}
