/// One register as a debugger sees it.
package struct DebugRegister: Equatable, Sendable {
    /// The debugger's own name for it.
    package let name: String
    /// Width in bits, a multiple of eight.
    package let bits: Int
    /// A type of the debugger's, such as `code_ptr` or `ieee_double`; `nil` for a plain integer.
    package let type: String?
    /// A group of the debugger's that is not to be derived from the type.
    package let group: String?

    package init(_ name: String, bits: Int, type: String? = nil, group: String? = nil) {
        self.name = name
        self.bits = bits
        self.type = type
        self.group = group
    }
}

/// Registers that belong together: a *feature* of a target description (GDB manual, "Target Description Format").
package struct RegisterFeature: Equatable, Sendable {
    package let name: String
    /// Definitions, in XML, of the types that its registers refer to.
    package let types: [String]
    package let registers: [DebugRegister]

    package init(_ name: String, types: [String] = [], _ registers: [DebugRegister]) {
        self.name = name
        self.types = types
        self.registers = registers
    }
}

/// All registers of a kind of vCPU. They are numbered from 0, through all features in order.
package struct RegisterSet: Equatable, Sendable {
    /// What GDB calls the architecture.
    package let architecture: String
    package let features: [RegisterFeature]
    package let registers: [DebugRegister]
    /// How many of them, from the first on, are told together after each stop.
    package let general: Int

    package init(architecture: String, general: Int, _ features: [RegisterFeature]) {
        self.architecture = architecture
        self.features = features
        self.general = general
        registers = features.flatMap(\.registers)
    }
}

/// A vCPU from the side of a debugger. But for `park` and its like, everything is asked only while it is parked.
package protocol DebuggedCPU: AnyObject {
    var debug: DebugLatch { get }
    var memory: GuestMemory { get }
    var registerSet: RegisterSet { get }
    /// A few words about what it is doing.
    var debugSummary: String { get }

    /// A register's bytes, lowest first; `nil` when its number is unknown.
    func debugRegister(_ number: Int) -> [UInt8]?
    /// Sets a register to what is legal of `bytes`. False when it is unknown, cannot be changed or has another width.
    func setDebugRegister(_ number: Int, _ bytes: [UInt8]) -> Bool
    /// The physical address of a byte, with the rights of the kernel; `nil` where nothing is mapped.
    func debugTranslate(_ address: UInt64) -> UInt64?

    func park()
    func waitUntilParked()
    func unpark()
}

extension DebuggedCPU {
    /// Whether there is such a register, of so many bytes.
    package func hasRegister(_ number: Int, bytes: Int) -> Bool {
        let registers = registerSet.registers
        return registers.indices.contains(number) && registers[number].bits == 8 * bytes
    }

    /// Makes the vCPU stop where it is, on its own thread.
    package func stop(_ reason: DebugStop) {
        guard debug.stop == nil else { return }
        debug.stop = reason
        debug.isStepping = false
        park()
        debug.reached()
    }
}
