import Machine
import NativeRun
import Testing
import X86

/// What the comparison with the processor does not reach: code that changes, code on two pages, flags of the
/// guest's that must not be the host's, and leaving loops.
struct TranslationTests {
    private let machine: UserMachine

    init() throws { machine = try UserMachine(translated: true) }

    /// Runs code until an exception.
    private func run(
        _ code: [UInt8], flags: UInt64 = 0x202, prepare: (inout native_case) -> Void = { _ in }
    ) throws -> native_case {
        let cases = try #require(native_allocate(1))
        defer { native_release(cases, 1) }
        cases.pointee.rip = UInt64(NATIVE_CODE)
        cases.pointee.rflags = flags
        withUnsafeMutableBytes(of: &cases.pointee.code) { bytes in
            for index in 0..<bytes.count { bytes[index] = index < code.count ? code[index] : 0xCC }
        }
        withUnsafeMutableBytes(of: &cases.pointee.r) { registers in
            registers.storeBytes(of: UInt64(NATIVE_DATA) + 0x800, toByteOffset: 32, as: UInt64.self)
            registers.storeBytes(of: UInt64(NATIVE_DATA), toByteOffset: 56, as: UInt64.self)
        }
        withUnsafeMutableBytes(of: &cases.pointee.area) {
            $0.storeBytes(of: 0x1F80, toByteOffset: 24, as: UInt32.self)
        }
        prepare(&cases.pointee)
        machine.run(cases)
        return cases.pointee
    }

    private func register(_ number: Int, _ test: native_case) -> UInt64 {
        withUnsafeBytes(of: test.r) { $0.load(fromByteOffset: 8 * number, as: UInt64.self) }
    }

    @Test func aStoreIntoTheRunningUnitCountsAtOnce() throws {
        // movb $2, 1(%rip); mov $1, %al; int3
        let code: [UInt8] = [0xC6, 0x05, 1, 0, 0, 0, 2, 0xB0, 1]
        for _ in 0..<3 { #expect(register(0, try run(code)) & 0xFF == 2) }
        // The same without the store, at the same place.
        #expect(register(0, try run([0x90, 0xB0, 1])) & 0xFF == 1)
    }

    @Test func anInstructionThatGoesOnInAPageThatIsNotThereFaultsThere() throws {
        // jmp to the last two bytes of the page, which begin a move of ten bytes.
        var code: [UInt8] = [0x66, 0xC7, 0x05]
        let place = Int32(0xFFE) - 9
        code += withUnsafeBytes(of: place.littleEndian) { Array($0) } + [0x48, 0xB8]
        code += [0xE9] + withUnsafeBytes(of: (Int32(0xFFE) - 14).littleEndian) { Array($0) }
        let test = try run(code)
        #expect(test.vector == 14)
        #expect(test.cr2 == UInt64(NATIVE_CODE) + 0x1000)
        #expect(test.rip == UInt64(NATIVE_CODE) + 0xFFE)
    }

    @Test func flagsOfTheSystemStayTheGuests() throws {
        // mov %rax, 1(%rdi); cmp %rax, %rax; int3
        let flags: UInt64 = 0x202 | Flag.alignment | Flag.direction
        let test = try run([0x48, 0x89, 0x47, 1, 0x48, 0x39, 0xC0], flags: flags)
        #expect(test.vector == 3)
        #expect(test.rflags & ~Flag.resume == flags | Flag.zero | Flag.parity)
    }

    @Test func aFaultShowsTheFlagsOfTheLastInstructionThatSetThem() throws {
        // add $-1, %rcx; mov (%rdi), %rax; mov %rax, %rcx; mov (%rbx), %rax, at 0
        let code: [UInt8] = [0x48, 0x83, 0xC1, 0xFF, 0x48, 0x8B, 0x07, 0x48, 0x89, 0xC1, 0x48, 0x8B, 0x03]
        let test = try run(code) { test in
            withUnsafeMutableBytes(of: &test.r) { $0.storeBytes(of: 1, toByteOffset: 8, as: UInt64.self) }
        }
        #expect(test.vector == 14)
        #expect(test.rip == UInt64(NATIVE_CODE) + 10)
        let expected = Flag.zero | Flag.parity | Flag.carry | Flag.adjust
        #expect(test.rflags & Flag.arithmetic == expected)
    }

    @Test func aLoopIsLeftWhenTheCoreIsWanted() throws {
        // dec %rax; jmp back; the core is kicked before.
        let cases = try #require(native_allocate(1))
        defer { native_release(cases, 1) }
        machine.core.registers[17] = UInt64(NATIVE_CODE)
        _ = machine.memory.write(UserMachine.codePage, from: [0x48, 0xFF, 0xC8, 0xEB, 0xFB])
        let translated = try #require(machine.translated)
        machine.core.kick()
        translated.runUnits()
        #expect(machine.core.registers[17] &- UInt64(NATIVE_CODE) <= 3)
    }
}

extension GuestMemory {
    fileprivate func write(_ address: UInt64, from bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { write(address, from: $0) }
    }
}
