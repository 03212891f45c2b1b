import Machine
import Synchronization

/// The supervisor execution environment, built in: RISC-V SBI Specification 2.0.
///
/// A kernel started straight in supervisor mode makes its calls to this instead of to firmware in machine
/// mode. Every argument is the guest's and hostile; a call can do no more than the registers tell.
package final class SBI: Sendable {
    /// The extensions offered. Legacy calls are extensions of their own, numbers 0 to 8.
    package enum Extension: UInt64, CaseIterable, Sendable {
        case base = 0x10
        case timer = 0x5449_4d45
        case interprocessor = 0x73_5049
        case remoteFence = 0x5246_4e43
        case hartState = 0x48_534d
        case systemReset = 0x5352_5354
        case debugConsole = 0x4442_434e
    }

    let harts: any SBIHarts
    let memory: GuestMemory
    let console: SBIConsole
    let identity: SBIIdentity
    let power: @Sendable (PowerRequest) -> Void
    let states: Mutex<[HartState]>

    /// - Parameters:
    ///   - harts: hart 0 is started, the others are stopped.
    ///   - power: told when the guest ends or restarts the machine.
    package init(
        harts: any SBIHarts, memory: GuestMemory, console: SBIConsole, identity: SBIIdentity = SBIIdentity(),
        power: @escaping @Sendable (PowerRequest) -> Void
    ) {
        self.harts = harts
        self.memory = memory
        self.console = console
        self.identity = identity
        self.power = power
        states = Mutex(Self.initialStates(harts.count))
    }

    /// Back to hart 0 started and the others stopped. No hart runs meanwhile.
    package func reset() {
        states.withLock { $0 = Self.initialStates(harts.count) }
    }

    private static func initialStates(_ count: Int) -> [HartState] {
        (0..<min(count, 64)).map { $0 == 0 ? .started : .stopped }
    }

    /// Does what `hart` asks for, on its thread.
    package func handle(_ call: SBICall, from hart: Int) -> SBIOutcome {
        guard let id = Extension(rawValue: call.extensionID) else {
            guard let legacy = LegacyCall(rawValue: call.extensionID) else {
                return .reply(SBIReply(.notSupported))
            }
            return handle(legacy, call, from: hart)
        }
        switch id {
        case .base: return .reply(base(call))
        case .timer: return .reply(timer(call, from: hart))
        case .interprocessor: return .reply(interprocessor(call))
        case .remoteFence: return .reply(remoteFence(call))
        case .hartState: return hartState(call, from: hart)
        case .systemReset: return systemReset(call)
        case .debugConsole: return .reply(debugConsole(call))
        }
    }

    /// The harts that a mask and its base name (chapter 3.1): all when the base is -1, none that does not exist.
    func harts(mask: UInt64, base: UInt64) -> HartSet? {
        let all = HartSet.first(harts.count)
        if base == UInt64.max { return all }
        guard base < UInt64(min(harts.count, 64)) else { return nil }
        let shifted = mask << base
        guard shifted >> base == mask, all.isSuperset(of: HartSet(rawValue: shifted)) else { return nil }
        return HartSet(rawValue: shifted)
    }
}

// MARK: Base, timer and interprocessor interrupts (chapters 4, 6 and 7)

extension SBI {
    /// Version 2.0: major number in bits 30–24.
    private static let specificationVersion: UInt64 = 2 << 24
    /// Not one of the registered implementations (chapter 4.9): spells "viv".
    private static let implementationID: UInt64 = 0x76_6976
    private static let implementationVersion: UInt64 = 1

    private func base(_ call: SBICall) -> SBIReply {
        switch call.functionID {
        case 0: .success(Self.specificationVersion)
        case 1: .success(Self.implementationID)
        case 2: .success(Self.implementationVersion)
        case 3: .success(Self.offers(call.a0) ? 1 : 0)
        case 4: .success(identity.vendor)
        case 5: .success(identity.architecture)
        case 6: .success(identity.implementation)
        default: SBIReply(.notSupported)
        }
    }

    private static func offers(_ id: UInt64) -> Bool {
        Extension(rawValue: id) != nil || LegacyCall(rawValue: id) != nil
    }

    private func timer(_ call: SBICall, from hart: Int) -> SBIReply {
        guard call.functionID == 0 else { return SBIReply(.notSupported) }
        harts.setTimer(call.a0, of: hart)
        return .success()
    }

    private func interprocessor(_ call: SBICall) -> SBIReply {
        guard call.functionID == 0 else { return SBIReply(.notSupported) }
        guard let targets = harts(mask: call.a0, base: call.a1) else { return SBIReply(.invalidParameter) }
        for hart in targets.indices { harts.setSoftwareInterrupt(true, of: hart) }
        return .success()
    }
}
