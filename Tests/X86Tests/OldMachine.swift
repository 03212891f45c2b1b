import Machine
import X86

/// One core in real mode, or in 32-bit protected mode with flat segments, for instructions one by one.
final class OldMachine {
    static let code: UInt64 = 0x1000
    static let data: UInt64 = 0x2_0000
    private static let dataSize = 0x1_0000

    /// What an instruction leaves.
    struct Outcome {
        let registers: [UInt32]
        let flags: UInt32
        let ip: UInt32
        let changes: [[Int]]
    }

    /// The data before each instruction.
    let before: [UInt8]
    let core: Core
    let memory: GuestMemory
    private let mode: Decoder.Mode
    private let interpreter: Interpreter

    init(_ mode: Decoder.Mode, seed: UInt64) throws {
        guard let memory = GuestMemory(base: 0, size: 1 << 20) else { throw Fault.double }
        var generator = SplitMix64(state: seed)
        before = (0..<Self.dataSize).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        self.mode = mode
        self.memory = memory
        core = Core(
            id: 0, memory: memory, bus: AddressSpace(), ports: AddressSpace(),
            clock: ManualClock(frequency: 1_000_000_000))
        interpreter = Interpreter(core)
    }

    /// A case whose registers point into the data.
    func job(_ bytes: [UInt8], _ generator: inout SplitMix64) -> UnicornOracle.Job {
        let start = mode == .bits16 ? 0 : UInt32(Self.data)
        let registers = (0..<8).map { index -> UInt32 in
            let word = generator.next()
            if index == 1, word & 1 != 0 || isRepeated(bytes) { return UInt32(word >> 8 & 31) }
            // The upper halves of real mode's registers are anything.
            let upper = mode == .bits16 && word & 2 != 0 ? UInt32(word >> 40) << 16 : 0
            return start + UInt32(0x4000 + (word >> 8 & 0x3FFF)) | upper
        }
        return UnicornOracle.Job(
            bits: mode == .bits16 ? 16 : 32, code: bytes, registers: registers,
            flags: UInt32(generator.next() & 0xCD5) | 2)
    }

    /// What a case leaves; `nil` when it raises an exception.
    func run(_ job: UnicornOracle.Job) -> Outcome? {
        core.reset()
        core.startRealMode()
        memory.clear()
        _ = before.withUnsafeBytes { memory.write(Self.data, from: $0) }
        let padded = job.code + [UInt8](repeating: 0xF4, count: 16)
        _ = padded.withUnsafeBytes { memory.write(Self.code, from: $0) }
        prepareSegments()
        for (index, value) in job.registers.enumerated() { core.registers[index] = UInt64(value) }
        core.registers[17] = Self.code
        core.state.rflags = UInt64(job.flags)
        _ = core.attend()
        do throws(Fault) {
            var turns = 0
            // A repeated instruction may pause in the middle.
            repeat {
                try interpreter.executeNext()
                turns += 1
            } while core.registers[17] == Self.code && turns < 400 && isRepeated(job.code)
        } catch {
            return nil
        }
        return outcome
    }

    private func isRepeated(_ bytes: [UInt8]) -> Bool { bytes.contains(0xF2) || bytes.contains(0xF3) }

    private func prepareSegments() {
        let isReal = mode == .bits16
        core.state.pointee.cr0 = isReal ? 0x10 : 0x11
        for slot in 0..<6 {
            var segment = Segment.flat(selector: 8, attributes: 0xC093)
            if isReal {
                segment = .flat(selector: UInt16(Self.data >> 4), attributes: 0x93)
                (segment.base, segment.limit) = (Self.data, 0xFFFF)
            }
            if slot == 1 {
                (segment.selector, segment.base) = (0, 0)
                segment.attributes = isReal ? 0x93 : 0xC09B
            }
            core.state.pointee.segments[slot] = segment
        }
        core.updateMode()
    }

    private var outcome: Outcome {
        var after = [UInt8](repeating: 0, count: before.count)
        _ = after.withUnsafeMutableBytes { memory.read(Self.data, into: $0) }
        let changes =
            after == before
            ? [] : after.indices.filter { after[$0] != before[$0] }.map { [$0, Int(after[$0])] }
        return Outcome(
            registers: (0..<8).map { UInt32(truncatingIfNeeded: core.registers[$0]) },
            flags: UInt32(truncatingIfNeeded: core.state.rflags),
            ip: UInt32(truncatingIfNeeded: core.registers[17]), changes: changes)
    }
}
