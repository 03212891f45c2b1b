import Host
import Machine
import RISCV
import Synchronization
import Testing

/// What a program said at its end.
enum Verdict: Equatable {
    case passed
    case failed(code: UInt64)
    case endless
}

/// As much of the `virt` board as the programs need: RAM, test finisher, CLINT, two harts on their threads.
final class VirtMachine: Sendable {
    private let finisher = Finisher()
    private let alarm: AlarmClock
    private let harts: [Hart]

    init(image: [UInt8]) throws {
        let memory = try #require(GuestMemory(base: 0x8000_0000, size: 128 << 20))
        try #require(image.withUnsafeBytes { memory.write(0x8000_0000, from: $0) })
        let bus = AddressSpace()
        let clock = HostClock(frequency: 10_000_000, since: .take())
        let alarm = try AlarmClock(clock: clock)
        harts = (0..<2).map { Hart(id: $0, memory: memory, bus: bus, clock: clock, alarm: alarm) }
        self.alarm = alarm
        try bus.attach(finisher, name: "finisher", at: 0x10_0000, size: 0x1000)
        try bus.attach(LocalInterruptor(harts), name: "clint", at: 0x200_0000, size: 0x10000)
        let all = harts
        finisher.harts.withLock { $0 = all }
        for hart in harts { hart.startMachineMode(at: 0x8000_0000) }
    }

    /// Runs until the program ends, or one hart has executed `limit` instructions.
    func run(limit: UInt64) throws -> Verdict {
        let threads = try harts.map { hart in
            try Thread(name: "hart \(hart.id)") { self.run(hart, limit) }
        }
        for thread in threads { thread.join() }
        alarm.stop()
        return finisher.verdict.withLock { $0 } ?? .endless
    }

    private func run(_ hart: Hart, _ limit: UInt64) {
        let interpreter = Interpreter(hart)
        while hart.attend() {
            while hart.state.pointee.core.exitRequest == 0 {
                interpreter.step()
                if hart.state.pointee.instructions > limit { finisher.finish(.endless) }
            }
        }
    }
}

private final class Finisher: Device {
    let verdict = Mutex<Verdict?>(nil)
    let harts = Mutex<[Hart]>([])

    func read(at offset: UInt64, width: AccessWidth) -> UInt64 { 0 }

    func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        finish(value & 0xFFFF == 0x5555 ? .passed : .failed(code: value >> 16))
    }

    /// Keeps the first verdict and ends the harts.
    func finish(_ result: Verdict) {
        verdict.withLock { $0 = $0 ?? result }
        for hart in harts.withLock({ $0 }) { hart.end() }
    }

    func reset() {}
}

private final class LocalInterruptor: Device {
    private let harts: [Hart]

    init(_ harts: [Hart]) { self.harts = harts }

    func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        switch offset {
        case 0..<8: harts[Int(offset / 4)].state.pointee.interruptLines >> 3 & 1
        case 0x4000..<0x4010: harts[Int(offset - 0x4000) / 8].state.pointee.mtimecmp
        case 0xBFF8: harts[0].clock.now()
        default: 0
        }
    }

    func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        switch offset {
        case 0..<8: harts[Int(offset / 4)].setInterrupt(.machineSoftware, value & 1 != 0)
        case 0x4000..<0x4010: harts[Int(offset - 0x4000) / 8].setMachineTimer(value)
        default: break
        }
    }

    func reset() {}
}
