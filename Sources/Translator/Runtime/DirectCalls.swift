/// The calls to a guest's ISA that traps, mode changes and TLB misses make.
///
/// The runtime does not own its ISA, and Swift counts references around each call through a variable that does not:
/// two locked operations, a third of the time that a system call takes. These calls count nothing. They are good
/// for as long as the ISA lives, which owns the runtime.
struct DirectCalls {
    /// Both things that `refresh` asks for.
    struct Regime {
        var context: AddressContext
        var key: UInt32
    }

    let regime: () -> Regime
    let interpret: (UInt32?) -> Bool
    let translate: (UInt64, MemoryAccess) -> PageTranslation?

    init(_ isa: some GuestISA) {
        let isa = Unmanaged.passUnretained(isa)
        regime = { isa._withUnsafeGuaranteedRef { Regime(context: $0.addressContext, key: $0.modeKey) } }
        interpret = { encoding in isa._withUnsafeGuaranteedRef { $0.interpret(encoding) } }
        translate = { address, access in isa._withUnsafeGuaranteedRef { $0.translate(address, access) } }
    }
}
