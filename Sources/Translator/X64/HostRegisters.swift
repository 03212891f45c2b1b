/// The roles of host registers in emitted code.
///
/// `rbp` points into the vCPU's state (see `StateLayout.bias`), `r15` at the TLB set in force,
/// `rsp` at the host stack; `rax`, `rcx` and `rdx` are scratch, because MUL, DIV and the shifts
/// want them. The other ten hold guest registers, across units.
extension Register {
    static let state = rbp
    static let tlb = r15
    /// In order of preference: the first ones need no REX prefix in 32-bit forms.
    static let pool: [Register] = [.rdi, .rsi, .r8, .r9, .r10, .r11, .rbx, .r12, .r13, .r14]
}

/// Where the values of the guest live while a unit runs: in a host register, or in memory.
struct RegisterMap {
    static let inMemory: UInt8 = 0xff
    private var homes = InlineArray<64, UInt8>(repeating: RegisterMap.inMemory)

    @inline(__always)
    subscript(value: Value) -> UInt8 {
        get { value < 64 ? homes[Int(value)] : Self.inMemory }
        set { homes[Int(value)] = newValue }
    }

    @inline(__always)
    func register(_ value: Value) -> Register? {
        let code = self[value]
        return code == Self.inMemory ? nil : Register(code)
    }

    @inline(__always)
    func vector(_ value: Value) -> VectorRegister? {
        let code = self[value]
        return code == Self.inMemory ? nil : VectorRegister(code)
    }

    /// The map in force between units: the ISA's most wanted registers are pinned, no vectors are.
    init(pinned: [Value]) {
        for (value, register) in zip(pinned, Register.pool) { self[value] = register.code }
    }
}
