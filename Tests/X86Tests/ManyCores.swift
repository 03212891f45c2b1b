import Foundation
import Machine
import Synchronization
import X86

/// Cores that share one RAM, each on a thread of its own, in 64-bit supervisor mode with everything mapped where it
/// is.
final class ManyCores {
    /// What executes a core's instructions.
    enum Engine: CaseIterable {
        case interpreter, translator
    }

    private static let tables: UInt64 = 0x1000
    private static let stacks: UInt64 = 0x4_0000
    /// Where the program of a core begins: a page of its own.
    static func code(_ core: Int) -> UInt64 { 0x2_0000 + UInt64(core) << 12 }

    let memory: GuestMemory
    let cores: [Core]
    private let halted = DispatchSemaphore(value: 0)

    init(_ count: Int) throws {
        guard let memory = GuestMemory(base: 0, size: 4 << 20) else { throw Fault.double }
        self.memory = memory
        let watch = CodeWatch(memory: memory)
        let (bus, ports) = (AddressSpace(), AddressSpace())
        let clock = ManualClock(frequency: 1_000_000_000)
        cores = (0..<count).map {
            Core(id: UInt32($0), memory: memory, bus: bus, ports: ports, clock: clock, watch: watch)
        }
        _ = memory.store64(Self.tables, Self.tables + 0x1000 | 7)
        _ = memory.store64(Self.tables + 0x1000, 1 << 7 | 7)
    }

    /// Lets each core run its program until all of them have halted for good.
    func run(_ programs: [[UInt8]], _ engines: [Engine]) throws {
        for (index, core) in cores.enumerated() {
            _ = programs[index].withUnsafeBytes { memory.write(Self.code(index), from: $0) }
            core.reset()
            core.state.pointee.waitsForStart = false
            core.startLongMode(
                at: Self.code(index), pageTables: Self.tables, descriptors: (0, 0), argument: 0)
            core.registers[4] = Self.stacks + UInt64(index + 1) << 12
            let hasHalted = Atomic<Bool>(false)
            core.fellDormant = { [halted] _ in
                if !hasHalted.exchange(true, ordering: .relaxed) { halted.signal() }
            }
        }
        let left = DispatchSemaphore(value: 0)
        for (core, engine) in zip(cores, engines) {
            let translated = engine == .translator ? TranslatedCore(core, isAlone: false) : nil
            Thread.detachNewThread {
                if let translated { translated.run() } else { Interpreter(core).run() }
                left.signal()
            }
        }
        for _ in cores { halted.wait() }
        for core in cores { core.end() }
        for _ in cores { left.wait() }
    }
}
