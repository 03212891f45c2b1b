import Glibc
import Host
import Machine
import RISCV
import Synchronization
import Testing

/// Life cycle, sleep and interrupts of a hart on its own thread.
@Suite struct HartTests {
    private static let base = TestMachine.base

    /// A hart whose thread runs the interpreter over `program`.
    private final class Runner: Sendable {
        let memory: GuestMemory
        let hart: Hart
        let clock: HostClock
        private let alarm: AlarmClock
        private let thread = Mutex<Thread?>(nil)

        init(_ program: [UInt32]) throws {
            memory = try #require(GuestMemory(base: HartTests.base, size: 1 << 16))
            for (index, word) in program.enumerated() {
                _ = memory.store32(HartTests.base + 4 * UInt64(index), word)
            }
            clock = HostClock(frequency: 10_000_000, since: .take())
            alarm = try AlarmClock(clock: clock)
            hart = Hart(id: 0, memory: memory, bus: AddressSpace(), clock: clock, alarm: alarm)
            hart.state.pointee.mtvec = HartTests.base + 0x100
            // The handler: stores what caused it behind itself, then spins.
            for (index, word) in [
                Assemble.csr(.csrrs, 5, RegisterNumber.mcause, 0), Assemble.i(.auipc, 6, 0, 0),
                Assemble.s(.sd, 5, 6, 0x7C), Assemble.encoding(.jal).match,
            ].enumerated() {
                _ = memory.store32(HartTests.base + 0x100 + 4 * UInt64(index), word)
            }
        }

        /// What the handler stored; zero while it has not run.
        var cause: UInt64 { memory.load64(HartTests.base + 0x180) ?? 0 }

        func start() throws {
            let hart = self.hart
            let started = try Thread(name: "hart") { Interpreter(hart).run() }
            thread.withLock { $0 = started }
        }

        func finish() {
            hart.end()
            thread.withLock { $0?.join() }
            alarm.stop()
        }

        /// Waits for something that another thread does.
        func wait(_ isDone: () -> Bool) { while !isDone() { sched_yield() } }
    }

    private static let spin = Assemble.encoding(.jal).match
    private static let sleep = [Assemble.encoding(.wfi).match, spin]

    /// `mcause` of an interrupt.
    private static func interrupt(_ code: UInt64) -> UInt64 { 1 << 63 | code }

    private func enable(_ hart: Hart, _ interrupts: UInt64) {
        hart.state.pointee.mie = interrupts
        hart.state.pointee.mstatus |= Status.mie
    }

    @Test(.timeLimit(.minutes(1))) func anInterruptWakesASleepingHart() throws {
        let runner = try Runner(Self.sleep)
        enable(runner.hart, Interrupts.mei)
        runner.hart.startMachineMode(at: Self.base)
        try runner.start()
        runner.hart.line(.machineExternal).set(true)
        runner.wait { runner.cause != 0 }
        #expect(runner.cause == Self.interrupt(11))
        runner.finish()
    }

    @Test(.timeLimit(.minutes(1))) func theTimerReachesARunningHart() throws {
        let runner = try Runner([Self.spin])
        enable(runner.hart, Interrupts.mti)
        runner.hart.setMachineTimer(runner.clock.now() + 20_000)
        runner.hart.startMachineMode(at: Self.base)
        try runner.start()
        runner.wait { runner.cause != 0 }
        #expect(runner.cause == Self.interrupt(7))
        runner.finish()
    }

    @Test(.timeLimit(.minutes(1))) func theTimerReachesASleepingHart() throws {
        let runner = try Runner(Self.sleep)
        enable(runner.hart, Interrupts.mti)
        runner.hart.setMachineTimer(runner.clock.now() + 20_000)
        runner.hart.startMachineMode(at: Self.base)
        try runner.start()
        runner.wait { runner.cause != 0 }
        #expect(runner.cause == Self.interrupt(7))
        runner.finish()
    }

    @Test(.timeLimit(.minutes(1))) func aParkedHartStandsStillAndGoesOn() throws {
        let runner = try Runner([Assemble.i(.addi, 9, 9, 1), Assemble.encoding(.jal).match | 0xFFDF_F000])
        runner.hart.startMachineMode(at: Self.base)
        try runner.start()
        runner.hart.park()
        runner.hart.waitUntilParked()
        let count = runner.hart.state.pointee.instructions
        for _ in 0..<100 { sched_yield() }
        #expect(runner.hart.state.pointee.instructions == count)
        runner.hart.unpark()
        runner.finish()
        #expect(runner.hart.state.pointee.x[9] >= count / 2)
    }

    @Test(.timeLimit(.minutes(1))) func aStoppedHartStartsOnceInSupervisorMode() throws {
        let runner = try Runner([Self.spin])
        runner.hart.prepareSupervisor()
        try runner.start()
        #expect(runner.hart.condition == .stopped)
        #expect(runner.hart.start(at: Self.base, argument: 42))
        #expect(!runner.hart.start(at: Self.base, argument: 43))
        runner.wait { runner.hart.condition == .started }
        runner.finish()
        #expect(runner.hart.state.pointee.privilege == 1)
        #expect(runner.hart.state.pointee.x[10] == 0 && runner.hart.state.pointee.x[11] == 42)
        #expect(runner.hart.state.pointee.pc == Self.base)
    }

    @Test(.timeLimit(.minutes(1))) func aHartThatNothingCanWakeSaysSo() throws {
        let runner = try Runner(Self.sleep)
        let told = Atomic<Int>(0)
        runner.hart.fellDormant = { _ in told.add(1, ordering: .relaxed) }
        enable(runner.hart, Interrupts.msi | Interrupts.mti)
        runner.hart.startMachineMode(at: Self.base)
        try runner.start()
        runner.wait { told.load(ordering: .relaxed) > 0 }
        #expect(runner.hart.isDormant)
        #expect(told.load(ordering: .relaxed) == 1)
        runner.hart.setInterrupt(.machineSoftware, true)
        #expect(!runner.hart.isDormant)
        runner.wait { runner.cause != 0 }
        runner.finish()
    }

    @Test func resettingKeepsTheEngineAndForgetsTheRest() {
        let machine = TestMachine()
        machine[x: 5] = 1
        machine.state.pointee.satp = 8 << 60
        machine.hart.reset()
        #expect(machine[x: 5] == 0 && machine.state.pointee.satp == 0)
        #expect(machine.state.pointee.privilege == 3 && machine.hart.condition == .stopped)
    }

    @Test func aSuspendedHartResumesWhereItWasTold() {
        let machine = TestMachine()
        machine.hart.prepareSupervisor()
        machine.state.pointee.privilege = 1
        machine.state.pointee.mie = Interrupts.ssi
        machine.hart.setInterrupt(.supervisorSoftware, true)
        machine.hart.suspend(resume: (TestMachine.base + 0x40, 7))
        #expect(machine.hart.condition == .suspended)
        #expect(machine.hart.attend())
        #expect(machine.hart.condition == .started)
        #expect(machine.pc == TestMachine.base + 0x40 && machine[x: 11] == 7)
    }
}
