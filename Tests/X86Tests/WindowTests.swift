import NativeRun
import Testing
import X86

/// Several accesses at one register, which one check of the TLB serves: held against the processor.
struct WindowTests {
    /// Where the stack pointer, RDI and RBX point, from the first byte of data.
    private static let places: [Int] = [0x800, 0xFF8, 0x1000, 0x1008, 0x1010, 0x1028, 0x1FE0, 16, 0, 8]

    private func prepare(_ test: UnsafeMutablePointer<native_case>, _ code: [UInt8], place: Int) {
        test.pointee.rip = UInt64(NATIVE_CODE)
        test.pointee.rflags = 0x246
        withUnsafeMutableBytes(of: &test.pointee.code) { bytes in
            for index in 0..<bytes.count { bytes[index] = index < code.count ? code[index] : 0xCC }
        }
        withUnsafeMutableBytes(of: &test.pointee.r) { registers in
            for number in 0..<16 {
                let value = UInt64(number) &* 0x0123_4567_89AB_CDEF
                registers.storeBytes(of: value, toByteOffset: 8 * number, as: UInt64.self)
            }
            for number in [3, 4, 7] {
                let value = UInt64(NATIVE_DATA) + UInt64(place)
                registers.storeBytes(of: value, toByteOffset: 8 * number, as: UInt64.self)
            }
        }
        withUnsafeMutableBytes(of: &test.pointee.data) { data in
            for index in 0..<data.count { data[index] = UInt8(truncatingIfNeeded: index &* 31 >> 2) }
        }
        withUnsafeMutableBytes(of: &test.pointee.area) {
            $0.storeBytes(of: 0x37F, toByteOffset: 0, as: UInt16.self)
            $0.storeBytes(of: 0x1F80, toByteOffset: 24, as: UInt32.self)
        }
    }

    private func compare(_ code: [UInt8]) throws {
        let machine = try UserMachine(translated: true)
        for place in Self.places {
            let cases = try #require(native_allocate(2))
            defer { native_release(cases, 2) }
            for index in 0..<2 { prepare(cases + index, code, place: place) }
            #expect(native_run(cases, 1) == 1)
            // Twice, so that units made for the first run serve the second.
            machine.run(cases + 1)
            prepare(cases + 1, code, place: place)
            machine.run(cases + 1)
            let (native, ours) = (cases[0], cases[1])
            #expect(ours.vector == native.vector, "at \(place)")
            #expect(ours.rip == native.rip, "at \(place)")
            #expect(ours.rflags & 0x8D5 == native.rflags & 0x8D5, "at \(place)")
            #expect(withUnsafeBytes(of: ours.r) { Array($0) } == withUnsafeBytes(of: native.r) { Array($0) })
            #expect(
                withUnsafeBytes(of: ours.data) { Array($0) } == withUnsafeBytes(of: native.data) { Array($0) }
            )
        }
    }

    @Test func pushesAndPops() throws {
        // push %rax; push %r15; push $5; push %rsp; push %rbp; pop %rcx; pop %r14; add $8, %rsp; pop %rdx; pop %rsi
        try compare([
            0x50, 0x41, 0x57, 0x6A, 5, 0x54, 0x55, 0x59, 0x41, 0x5E, 0x48, 0x83, 0xC4, 8, 0x5A, 0x5E,
        ])
    }

    @Test func flagsOverAStretch() throws {
        // cmp 8(%rdi), %rax; mov %rdx, 16(%rdi); adc 24(%rdi), %rcx; setc 1(%rdi); sub $1, (%rdi); cmovs 32(%rdi), %r8;
        // mov (%rbx), %r9; rcl %r9
        try compare([
            0x48, 0x3B, 0x47, 8, 0x48, 0x89, 0x57, 16, 0x48, 0x13, 0x4F, 24, 0x0F, 0x92, 0x47, 1, 0x48, 0x83,
            0x2F, 1, 0x4C, 0x0F, 0x48, 0x47, 32, 0x4C, 0x8B, 0x0B, 0x49, 0xD1, 0xD1,
        ])
    }

    @Test func storesBehindABranchThatIsTaken() throws {
        // mov (%rdi), %rax; test %rsp, %rsp; jne over; mov %rax, 8(%rdi); over: mov -8(%rdi), %rcx; movzbl 3(%rdi), %edx
        try compare([
            0x48, 0x8B, 0x07, 0x48, 0x85, 0xE4, 0x75, 4, 0x48, 0x89, 0x47, 8, 0x48, 0x8B, 0x4F, 0xF8, 0x0F,
            0xB6,
            0x57, 3,
        ])
    }

    @Test func alignedVectors() throws {
        // movaps (%rdi), %xmm0; mov -4(%rdi), %eax; paddd 16(%rdi), %xmm0; movups 5(%rdi), %xmm1; movaps %xmm0, 32(%rdi);
        // movq %xmm0, %rcx
        try compare([
            0x0F, 0x28, 0x07, 0x8B, 0x47, 0xFC, 0x66, 0x0F, 0xFE, 0x47, 16, 0x0F, 0x10, 0x4F, 5, 0x0F, 0x29,
            0x47,
            32, 0x66, 0x48, 0x0F, 0x7E, 0xC1,
        ])
    }

    @Test func flagsOverRepeatedStores() throws {
        // mov $24, %ecx; cmp %rdi, %rbx; rep stosb; sete %dl; lea -24(%rdi), %rsi; mov $40, %ecx; sub $8, %rdi;
        // rep movsb; rcl %r8
        try compare([
            0xB9, 24, 0, 0, 0, 0x48, 0x39, 0xFB, 0xF3, 0xAA, 0x0F, 0x94, 0xC2, 0x48, 0x8D, 0x77, 0xE8, 0xB9,
            40,
            0, 0, 0, 0x48, 0x83, 0xEF, 8, 0xF3, 0xA4, 0x49, 0xD1, 0xD0,
        ])
    }

    @Test func loopsWhoseFlagsAreSeen() throws {
        // mov $5, %ecx; back: mov (%rdi), %rax; lea 8(%rdi), %rdi; sub $1, %ecx; jne back; adc (%rbx), %rdx
        try compare([
            0xB9, 5, 0, 0, 0, 0x48, 0x8B, 0x07, 0x48, 0x8D, 0x7F, 8, 0x83, 0xE9, 1, 0x75, 0xF4, 0x48, 0x13,
            0x13,
        ])
        // mov $9, %ecx; back: rcl %rax; mov %rax, (%rdi); add $16, %rdi; cmp %rcx, %rsi; lea -1(%rcx), %rcx; jb back
        try compare([
            0xB9, 9, 0, 0, 0, 0x48, 0xD1, 0xD0, 0x48, 0x89, 0x07, 0x48, 0x83, 0xC7, 16, 0x48, 0x39, 0xCE,
            0x48,
            0x8D, 0x49, 0xFF, 0x72, 0xED,
        ])
    }

    @Test func aRegisterThatMoves() throws {
        // mov (%rbx), %rax; add $16, %rbx; mov %rax, -8(%rbx); lea 8(%rbx), %rbx; incl (%rbx); dec %rbx; mov (%rbx), %rbx;
        // mov 8(%rdi), %rdi
        try compare([
            0x48, 0x8B, 0x03, 0x48, 0x83, 0xC3, 16, 0x48, 0x89, 0x43, 0xF8, 0x48, 0x8D, 0x5B, 8, 0xFF, 0x03,
            0x48,
            0xFF, 0xCB, 0x48, 0x8B, 0x1B, 0x48, 0x8B, 0x7F, 8,
        ])
    }
}
