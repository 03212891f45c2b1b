import Hypervisor
import Model
import Testing

/// Whole machines with programs of a few instructions, from power-on to each of their ends.
struct LifeCycleTests {
    private static func end(of program: Program, cpus: Int = 1) throws -> (MachineEvent?, Bench) {
        let bench = try Bench()
        let last = try bench.run {
            $0.firmware = try Bench.file(program.bytes)
            $0.cpus = cpus
        }
        return (last, bench)
    }

    @Test func aGuestThatPowersOffEndsWell() throws {
        var program = Program()
        program.print("hello\n")
        program.append(.finish(0x5555))
        let (last, bench) = try Self.end(of: program)
        #expect(last?.kind == .poweredOff)
        #expect(last?.exitCode == .success)
        #expect(try bench.consoleText() == "hello\n")
        #expect(bench.events.first?.kind == .started)
        #expect(bench.events.contains { $0.kind == .consoleReady })
        #expect((last?.instructions ?? 0) > 10)
    }

    @Test func aGuestThatReportsFailureEndsBadlyWithItsCode() throws {
        let (last, _) = try Self.end(of: .finish(7 << 16 | 0x3333))
        #expect(last?.kind == .guestFailed)
        #expect(last?.code == 7)
        #expect(last?.exitCode == .guestFailed)
    }

    @Test func aHartThatWaitsWithNothingEnabledIsTheEnd() throws {
        var program = Program()
        program.waitForInterrupt()
        program.jump(-1)
        let (last, _) = try Self.end(of: program, cpus: 2)
        #expect(last?.kind == .guestFailed)
        #expect(last?.detail?.contains("every CPU") == true)
    }

    @Test func aResetStartsTheGuestFromPowerOn() throws {
        // The first word of RAM behind the program is zero after every power-on; with 1 in it, something is stale.
        var program = Program()
        program.load(.a0, 0x8010_0000)
        program.loadWord(.a2, at: .a0)
        program.add(.a3, .zero, 1)
        program.storeWord(.a3, at: .a0)
        program.add(.a2, .a2, 0x30)
        program.load(.a0, Program.serial)
        program.storeByte(.a2, at: .a0)
        program.append(.finish(0x7777))
        let bench = try Bench()
        let file = try Bench.file(program.bytes)
        bench.onEvent = { event in
            let reboots = bench.events.filter { $0.kind == .rebooted }.count
            if event.kind == .rebooted, reboots == 3 { bench.machine?.kill("enough") }
        }
        let last = try bench.run { $0.firmware = file }
        #expect(last?.kind == .ended)
        #expect(last?.detail == "enough")
        #expect(try bench.consoleText() == "000")
    }

    @Test func aPausedMachineStandsStill() throws {
        var program = Program()
        program.add(.a0, .a0, 1)
        program.jump(-1)
        let bench = try Bench()
        let machine = try bench.assemble { $0.firmware = try Bench.file(program.bytes) }
        var counts: [UInt64] = []
        machine.powerOn()
        bench.loop.schedule(after: 20_000_000) {
            #expect(machine.pause())
            counts.append(Self.instructions(machine))
            bench.loop.schedule(after: 50_000_000) {
                counts.append(Self.instructions(machine))
                #expect(machine.resume())
                bench.loop.schedule(after: 20_000_000) {
                    #expect(machine.pause())
                    counts.append(Self.instructions(machine))
                    machine.kill("done")
                }
            }
        }
        bench.loop.run()
        #expect(counts.count == 3)
        #expect(counts[0] > 0)
        #expect(counts[0] == counts[1])
        #expect(counts[2] > counts[1])
        #expect(bench.events.map(\.kind) == [.started, .paused, .resumed, .paused, .ended])
    }

    @Test func requestsThatDoNotFitAreRefused() throws {
        let bench = try Bench()
        let machine = try bench.assemble { $0.firmware = try Bench.file(Program.finish(0x5555).bytes) }
        #expect(machine.answer(ControlRequest(request: 1, command: .resume), jail: []).refusal != nil)
        #expect(machine.answer(ControlRequest(request: 2, command: .pause), jail: []).refusal != nil)
        #expect(machine.answer(ControlRequest(request: 3, command: .reset), jail: []).refusal != nil)
    }

    @Test func statusTellsWhatTheMachineIs() throws {
        let bench = try Bench()
        let machine = try bench.assemble {
            $0.firmware = try Bench.file(Program.finish(0x5555).bytes)
            $0.cpus = 3
        }
        let status = machine.answer(ControlRequest(request: 4, command: .status), jail: ["seccomp"]).status
        #expect(status?.cpus == 3)
        #expect(status?.memory == 32 << 20)
        #expect(status?.accelerator == .interpret)
        #expect(status?.jail == ["seccomp"])
    }

    @Test func inputReachesTheGuest() throws {
        // Polls the line status, then sends back the byte plus one and powers off.
        var program = Program()
        program.load(.a0, Program.serial)
        program.loadByte(.a1, 5, at: .a0)
        program.mask(.a1, 1)
        program.branchIfZero(.a1, -2)
        program.loadByte(.a1, 0, at: .a0)
        program.add(.a1, .a1, 1)
        program.storeByte(.a1, at: .a0)
        program.append(.finish(0x5555))
        let bench = try Bench()
        try bench.type("a")
        let last = try bench.run { $0.firmware = try Bench.file(program.bytes) }
        #expect(last?.kind == .poweredOff)
        #expect(try bench.consoleText() == "b")
    }

    private static func instructions(_ machine: VirtualMachine) -> UInt64 {
        machine.answer(ControlRequest(request: 0, command: .status), jail: []).status?.instructions ?? 0
    }
}
