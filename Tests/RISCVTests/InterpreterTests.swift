import Machine
import RISCV
import Testing

/// Corner values of each chapter. The guest programs go deeper; here is what they cannot see from inside.
@Suite struct InterpreterTests {
    private let machine = TestMachine()
    private var state: HartPointer { machine.state }

    private static let minimum: UInt64 = 1 << 63
    private static let ones: UInt64 = .max

    /// Operation, operands, result.
    private static let computations: [(Opcode, UInt64, UInt64, UInt64)] = [
        (.add, ones, 1, 0), (.sub, 0, 1, ones), (.sll, 1, 64 + 63, minimum), (.slt, minimum, 0, 1),
        (.sltu, minimum, 0, 0), (.srl, minimum, 63, 1), (.sra, minimum, 63, ones),
        (.addw, 0x7FFF_FFFF, 1, 0xFFFF_FFFF_8000_0000), (.subw, 0, 1, ones),
        (.sllw, 1, 31, 0xFFFF_FFFF_8000_0000), (.srlw, 0xFFFF_FFFF_8000_0000, 31, 1),
        (.sraw, 0x8000_0000, 31, ones),
        (.mulh, minimum, minimum, 1 << 62), (.mulhsu, ones, ones, ones), (.mulhu, ones, ones, ones - 1),
        (.mulw, 0x1_0000_0003, 5, 15),
        (.div, minimum, ones, minimum), (.div, 7, 0, ones), (.divu, 7, 0, ones), (.rem, minimum, ones, 0),
        (.rem, 7, 0, 7), (.remu, 7, 0, 7), (.div, 0 &- 7, 2, 0 &- 3), (.rem, 0 &- 7, 2, ones),
        (.divw, 0x8000_0000, ones, 0xFFFF_FFFF_8000_0000), (.divw, 7, 0, ones), (.divuw, 7, 0, ones),
        (.remw, 0x8000_0000, ones, 0), (.remw, 0x8000_0001, 0, 0xFFFF_FFFF_8000_0001),
        (.remuw, 0x8000_0001, 0, 0xFFFF_FFFF_8000_0001), (.divuw, 0xFFFF_FFFE, 1, 0xFFFF_FFFF_FFFF_FFFE),
        (.addUW, ones, 1, 0x1_0000_0000), (.sh3add, 1, 2, 10), (.sh2addUW, ones, 0, 0x3_FFFF_FFFC),
        (.andn, 0xFF, 0x0F, 0xF0), (.orn, 0, ones, 0), (.xnor, 0, 0, ones),
        (.max, minimum, 1, 1), (.maxu, minimum, 1, minimum), (.min, minimum, 1, minimum), (.minu, ones, 1, 1),
        (.rol, minimum, 1, 1), (.ror, 1, 65, minimum), (.rolw, 0x8000_0000, 1, 1),
        (.rorw, 1, 1, 0xFFFF_FFFF_8000_0000), (.rorw, 1, 32, 1),
        (.bclr, ones, 63, ones >> 1), (.bext, minimum, 127, 1), (.binv, 0, 0, 1), (.bset, 0, 64, 1),
        (.czeroEqz, 5, 0, 0), (.czeroEqz, 5, 1, 5), (.czeroNez, 5, 1, 0), (.czeroNez, 5, 0, 5),
    ]

    @Test func computationsMatchTheManual() {
        for (op, a, b, expected) in Self.computations {
            machine[x: 5] = a
            machine[x: 6] = b
            machine.run(Assemble.r(op, 7, 5, 6))
            #expect(machine[x: 7] == expected, "\(op) \(String(a, radix: 16)) \(String(b, radix: 16))")
        }
    }

    private static let unary: [(Opcode, UInt64, UInt64)] = [
        (.clz, 0, 64), (.clz, 1, 63), (.ctz, 0, 64), (.ctz, minimum, 63), (.cpop, ones, 64),
        (.clzw, 0xFFFF_FFFF_0000_0000, 32), (.ctzw, 0xFFFF_FFFF_0000_0000, 32), (.cpopw, ones, 32),
        (.sextB, 0x80, 0xFFFF_FFFF_FFFF_FF80), (.sextH, 0x17FFF, 0x7FFF), (.zextH, ones, 0xFFFF),
        (.orcB, 0x0100_0000_0080_0000, 0xFF00_0000_00FF_0000),
        (.rev8, 0x0102_0304_0506_0708, 0x0807_0605_0403_0201),
    ]

    @Test func operationsOnOneOperandMatchTheManual() {
        for (op, a, expected) in Self.unary {
            machine[x: 5] = a
            machine.run(Assemble.r(op, 7, 5))
            #expect(machine[x: 7] == expected, "\(op) \(String(a, radix: 16))")
        }
    }

    @Test func theZeroRegisterStaysZero() {
        machine.run(Assemble.i(.addi, 0, 0, 5))
        machine.run(Assemble.csr(.csrrs, 0, RegisterNumber.misa, 0))
        #expect(machine[x: 0] == 0)
    }

    @Test func jumpsReadTheirTargetBeforeTheyWriteTheLink() {
        machine[x: 1] = TestMachine.base + 0x101
        machine.run(Assemble.i(.jalr, 1, 1, 0))
        #expect(machine.pc == TestMachine.base + 0x100)
        #expect(machine[x: 1] == TestMachine.base + 4)
    }

    // MARK: Memory

    /// Two virtual pages side by side, at 0x1000 and 0x2000, on frames that are not; the second leaf as
    /// given.
    private func mapPages(second leaf: UInt64) {
        let tables = TestMachine.base + 0x1_0000
        _ = machine.memory.store64(tables, (tables + 0x1000) >> 2 | 1)
        _ = machine.memory.store64(tables + 0x1000, (tables + 0x2000) >> 2 | 1)
        _ = machine.memory.store64(tables + 0x2008, (TestMachine.base + 0x4_0000) >> 2 | 0xCF)
        _ = machine.memory.store64(tables + 0x2010, (TestMachine.base + 0x6_0000) >> 2 | leaf)
        state.pointee.satp = 8 << 60 | tables >> 12
        state.pointee.mstatus |= Status.mprv | 1 << 11
    }

    @Test func accessesAcrossPagesTouchBothFrames() {
        mapPages(second: 0xCF)
        machine[x: 5] = 0x1FFD
        machine[x: 6] = 0x1122_3344_5566_7788
        #expect(machine.trap(Assemble.s(.sd, 6, 5, 0)) == nil)
        #expect(machine.memory.load32(TestMachine.base + 0x4_0FFC) == 0x6677_8800)
        #expect(machine.memory.load32(TestMachine.base + 0x6_0000) == 0x2233_4455)
        #expect(machine.trap(Assemble.i(.ld, 7, 5, 0)) == nil)
        #expect(machine[x: 7] == 0x1122_3344_5566_7788)
    }

    @Test func aStoreThatFaultsOnItsSecondPageWritesNothing() {
        mapPages(second: 0xC3)
        machine[x: 5] = 0x1FFD
        machine[x: 6] = .max
        #expect(machine.trap(Assemble.s(.sd, 6, 5, 0)) == Trap(.storePageFault, 0x2000))
        #expect(machine.memory.load32(TestMachine.base + 0x4_0FFC) == 0)
    }

    @Test func aStoreAcrossTheEndOfMemoryWritesNothing() {
        machine[x: 5] = TestMachine.base + machine.memory.size - 4
        machine[x: 6] = .max
        #expect(machine.trap(Assemble.s(.sd, 6, 5, 0))?.cause == .storeAccessFault)
        #expect(machine.memory.load32(machine[x: 5]) == 0)
    }

    @Test func anInstructionAcrossPagesFaultsAtItsSecondHalf() {
        mapPages(second: 0xC7)
        state.pointee.privilege = 1
        state.pointee.pc = 0x1FFE
        _ = machine.memory.store16(TestMachine.base + 0x4_0FFE, 0x0013)
        machine.interpreter.step()
        #expect(state.pointee.mcause == 12 && state.pointee.mtval == 0x2000 && state.pointee.mepc == 0x1FFE)
    }

    // MARK: Atomics

    @Test func atomicsMustBeAligned() {
        machine[x: 5] = TestMachine.base + 0x1002
        #expect(machine.trap(Assemble.r(.lrW, 7, 5)) == Trap(.loadMisaligned, machine[x: 5]))
        #expect(machine.trap(Assemble.r(.scW, 7, 5, 6)) == Trap(.storeMisaligned, machine[x: 5]))
        #expect(machine.trap(Assemble.r(.amoaddD, 7, 5, 6)) == Trap(.storeMisaligned, machine[x: 5]))
    }

    @Test func aConditionalStoreNeedsItsReservationAndTheOldValue() {
        let place = TestMachine.base + 0x1000
        machine[x: 5] = place
        machine[x: 6] = 9
        machine.run(Assemble.r(.scW, 7, 5, 6))
        #expect(machine[x: 7] == 1 && machine.memory.load32(place) == 0)
        machine.run(Assemble.r(.lrW, 8, 5))
        machine.run(Assemble.r(.scW, 7, 5, 6))
        #expect(machine[x: 7] == 0 && machine.memory.load32(place) == 9)
        machine.run(Assemble.r(.scW, 7, 5, 6))
        #expect(machine[x: 7] == 1)
        machine.run(Assemble.r(.lrW, 8, 5))
        machine.run(Assemble.r(.scD, 7, 5, 6))
        #expect(machine[x: 7] == 1)
        machine.run(Assemble.r(.lrW, 8, 5))
        #expect(machine.memory.store32(place, 10))
        machine.run(Assemble.r(.scW, 7, 5, 6))
        #expect(machine[x: 7] == 1 && machine.memory.load32(place) == 10)
    }

    /// Operation, memory before, operand, memory after.
    private static let updates: [(Opcode, UInt64, UInt64, UInt64)] = [
        (.amoswapD, 1, 2, 2), (.amoaddD, ones, 2, 1), (.amoxorD, 6, 3, 5), (.amoandD, 6, 3, 2),
        (.amoorD, 6, 3, 7),
        (.amominD, 1, ones, ones), (.amomaxD, 1, ones, 1), (.amominuD, 1, ones, 1),
        (.amomaxuD, 1, ones, ones),
        (.amoaddW, 0x5_FFFF_FFFF, 1, 0x5_0000_0000), (.amominW, 0x8000_0000, 1, 0x8000_0000),
        (.amomaxW, 0x8000_0000, 1, 1), (.amominuW, 0x8000_0000, 1, 1),
        (.amomaxuW, 0x8000_0000, 1, 0x8000_0000),
    ]

    @Test func atomicUpdatesReturnTheOldValue() {
        machine[x: 5] = TestMachine.base + 0x1000
        for (op, before, operand, after) in Self.updates {
            #expect(machine.memory.store64(machine[x: 5], before))
            machine[x: 6] = operand
            machine.run(Assemble.r(op, 7, 5, 6))
            let isWord = op.rawValue < Opcode.lrD.rawValue
            let old = isWord ? UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: before))) : before
            #expect(machine[x: 7] == old, "\(op)")
            #expect(machine.memory.load64(machine[x: 5]) == after, "\(op)")
        }
    }

    // MARK: Floating point

    @Test func floatingPointIsIllegalWhileOffAndDirtiesTheStateWhileOn() {
        state.pointee.mstatus &= ~Status.fs
        let words = [
            Assemble.r(.faddS, 1, 2, 3), Assemble.i(.flw, 1, 0, 0), Assemble.s(.fsd, 1, 0, 0),
            Assemble.r(.fmvXD, 1, 2), Assemble.csr(.csrrs, 1, RegisterNumber.fcsr, 0),
        ]
        for word in words { #expect(machine.trap(word)?.cause == .illegalInstruction) }
        state.pointee.mstatus |= 1 << 13
        #expect(machine.trap(Assemble.r(.fmvDX, 1, 2)) == nil)
        #expect(state.pointee.mstatus & Status.fs == Status.fs)
    }

    @Test func singlesAreBoxedAndAnythingElseIsNaN() {
        state.pointee.f[2] = 0x3F80_0000
        state.pointee.f[3] = 0xFFFF_FFFF_3F80_0000
        machine.run(Assemble.r(.faddS, 1, 2, 3))
        #expect(state.pointee.f[1] == 0xFFFF_FFFF_7FC0_0000)
        machine.run(Assemble.r(.faddS, 1, 3, 3))
        #expect(state.pointee.f[1] == 0xFFFF_FFFF_4000_0000)
        machine.run(Assemble.r(.fmvXW, 7, 2))
        #expect(machine[x: 7] == 0x3F80_0000)
    }

    @Test func theDynamicRoundingModeMustBeLegal() {
        let word = Assemble.r(.faddD, 1, 2, 3, rm: 7)
        for mode: UInt32 in 0..<8 {
            state.pointee.frm = mode
            #expect((machine.trap(word) == nil) == (mode < 5))
        }
    }

    @Test func conversionsSignExtendWords() {
        state.pointee.f[2] = 0xC1E0_0000_0020_0000
        machine.run(Assemble.r(.fcvtWD, 7, 2, rm: 1))
        #expect(machine[x: 7] == 0xFFFF_FFFF_8000_0000)
        state.pointee.f[2] = 0x41EF_FFFF_FFE0_0000
        machine.run(Assemble.r(.fcvtWUD, 7, 2, rm: 1))
        #expect(machine[x: 7] == .max)
    }

    // MARK: Cache blocks

    @Test func zeroingClearsTheWholeBlockAndNothingElse() {
        for offset in stride(from: UInt64(0), to: 192, by: 8) {
            #expect(machine.memory.store64(TestMachine.base + 0x1000 + offset, .max))
        }
        machine[x: 5] = TestMachine.base + 0x1000 + 64 + 17
        machine.run(Assemble.r(.cboZero, 0, 5))
        for offset in stride(from: UInt64(0), to: 192, by: 8) {
            let expected: UInt64 = (64..<128).contains(offset) ? 0 : .max
            #expect(machine.memory.load64(TestMachine.base + 0x1000 + offset) == expected)
        }
    }

    @Test func cacheBlockOperationsNeedLeave() {
        machine[x: 5] = TestMachine.base + 0x1000
        let cases: [(Opcode, UInt64)] = [
            (.cboZero, EnvironmentConfiguration.cbze), (.cboClean, EnvironmentConfiguration.cbcfe),
            (.cboFlush, EnvironmentConfiguration.cbcfe), (.cboInval, 1 << 4),
        ]
        for (op, bits) in cases {
            let word = Assemble.r(op, 0, 5)
            let configurations: [(UInt8, UInt64, UInt64, Bool)] = [
                (3, 0, 0, true), (1, 0, 0, false), (1, bits, 0, true), (0, bits, 0, false),
                (0, bits, bits, true),
                (0, 0, bits, false),
            ]
            for (mode, machineBits, supervisorBits, legal) in configurations {
                state.pointee.privilege = mode
                state.pointee.menvcfg = machineBits
                state.pointee.senvcfg = supervisorBits
                #expect((machine.trap(word) == nil) == legal, "\(op) in mode \(mode)")
            }
        }
        machine[x: 5] = 0x41
        state.pointee.privilege = 3
        #expect(machine.trap(Assemble.r(.cboZero, 0, 5)) == Trap(.storeAccessFault, 0x41))
    }

    // MARK: Hostile input

    @Test func randomInstructionsNeverCrashTheInterpreter() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("random instructions: seed \(seed)")
        var random = SplitMix64(state: seed)
        let encodings = EncodingTable.shared.encodings
        let decoder = Decoder()
        for _ in 0..<20_000 {
            if random.next() & 15 == 0 { scramble(&random) }
            let encoding = encodings[Int(random.next() % UInt64(encodings.count))]
            let noise = UInt32(truncatingIfNeeded: random.next())
            let word = noise & 7 == 0 ? noise : encoding.match | noise & ~encoding.mask
            do throws(Trap) {
                state.pointee.pc = try machine.interpreter.execute(decoder.decode(word))
            } catch {
                state.take(error)
            }
            machine.interpreter.step()
            #expect(state.pointee.x[0] == 0)
            #expect(state.pointee.privilege != 2)
        }
    }

    /// Fills registers with numbers and addresses, and changes mode, translation and status.
    private func scramble(_ random: inout SplitMix64) {
        for register in 1..<32 {
            let value = random.next()
            let isAddress = value & 3 != 0
            machine[x: register] = isAddress ? TestMachine.base &+ value >> 44 : value
            state.pointee.f[register] = random.next()
        }
        state.pointee.pc = TestMachine.base &+ random.next() >> 44 & ~1
        state.pointee.privilege = [0, 1, 3][Int(random.next() % 3)]
        _ = machine.hart.writeRegister(RegisterNumber.satp, random.next() & 3 == 0 ? random.next() : 0)
        _ = machine.hart.writeRegister(RegisterNumber.mstatus, random.next())
    }
}
