import Testing
import Translator

/// Every register in every place: encodings have their exceptions at rsp, rbp, r12 and r13.
@Suite(.enabled(if: Disassembler.isInstalled, "binutils are not installed"))
struct AssemblerTests {
    private static let names = [
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
        "r15",
    ]
    private static let displacements: [Int32] = [0, 8, -8, 127, -128, 128, -129, 0x1234_5678]

    private static func register(_ number: Int) -> Register { Register(UInt8(number)) }

    private static func hex(_ displacement: Int32, always: Bool) -> String {
        if displacement == 0, !always { return "" }
        let digits = String(displacement.magnitude, radix: 16)
        return (displacement < 0 ? "-0x" : "+0x") + digits
    }

    /// As objdump writes it: rbp and r13 cannot do without a displacement.
    private static func memory(_ base: Int, _ displacement: Int32) -> String {
        "[\(names[base])\(hex(displacement, always: base & 7 == 5))]"
    }

    @Test func registersAreMovedToRegisters() throws {
        var expected: [String] = []
        let lines = try Disassembler.lines { assembler in
            for to in 0..<16 {
                for from in 0..<16 {
                    assembler.mov(Self.register(to), Self.register(from))
                    expected.append("mov \(Self.names[to]),\(Self.names[from])")
                }
            }
        }
        #expect(lines == expected)
    }

    @Test func everyBaseTakesEveryDisplacement() throws {
        var expected: [String] = []
        let lines = try Disassembler.lines { assembler in
            for base in 0..<16 {
                for displacement in Self.displacements {
                    let place = Address(Self.register(base), displacement)
                    let text = Self.memory(base, displacement)
                    let other = 15 - base
                    assembler.load(Self.register(other), place)
                    expected.append("mov \(Self.names[other]),QWORD PTR \(text)")
                    assembler.store(place, Self.register(other))
                    expected.append("mov QWORD PTR \(text),\(Self.names[other])")
                }
            }
        }
        #expect(lines == expected)
    }

    @Test func everyIndexIsScaled() throws {
        var expected: [String] = []
        let lines = try Disassembler.lines { assembler in
            // rsp cannot be an index.
            for base in 0..<16 {
                for index in 0..<16 where index != 4 {
                    let shift = UInt8(index & 3)
                    assembler.lea(.rax, Address(Self.register(base), Self.register(index), shift: shift, 64))
                    expected.append("lea rax,[\(Self.names[base])+\(Self.names[index])*\(1 << shift)+0x40]")
                }
            }
        }
        #expect(lines == expected)
    }

    @Test func operationsTakeRegistersAndImmediates() throws {
        let operations: [(ALU, String)] = [
            (.add, "add"), (.or, "or"), (.adc, "adc"), (.sbb, "sbb"), (.and, "and"), (.sub, "sub"),
            (.xor, "xor"), (.cmp, "cmp"),
        ]
        var expected: [String] = []
        let lines = try Disassembler.lines { assembler in
            for (operation, name) in operations {
                for to in 0..<16 {
                    let other = 15 - to
                    assembler.alu(operation, Self.register(to), Self.register(other))
                    expected.append("\(name) \(Self.names[to]),\(Self.names[other])")
                    assembler.alu(operation, Self.register(to), immediate: 0x12345)
                    expected.append("\(name) \(Self.names[to]),0x12345")
                }
            }
        }
        #expect(lines == expected)
    }

    @Test(arguments: [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, Int64.max, -1, Int64.min])
    func constantsKeepAllTheirBits(_ value: Int64) throws {
        for number in 0..<16 {
            let lines = try Disassembler.lines { $0.mov(Self.register(number), immediate: value) }
            #expect(lines.count == 1)
            let text = lines.first ?? ""
            // Zero may be an exclusive or; writing 32 bits clears the upper half.
            if text.hasPrefix("xor") {
                #expect(value == 0)
            } else {
                let digits = text.split(separator: ",").last.map { $0.dropFirst(2) } ?? ""
                let bits = UInt64(digits, radix: 16)
                #expect(bits == UInt64(bitPattern: value), "\(text)")
                let isNarrow = !text.contains(Self.names[number] + ",")
                if isNarrow { #expect(UInt64(bitPattern: value) >> 32 == 0, "\(text)") }
            }
        }
    }
}
