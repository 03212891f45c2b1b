import Foundation
import RISCV
import Synchronization
import Testing

/// Regions do what the reference interpreter does: values that are dead on one way and seen on another, words
/// whose extension waits, faults in the middle of a loop, pointers that cross pages, interruptions anywhere.
@Suite struct LoopTests {
    /// How many times as many seeds are tried: see `AgreementTests`.
    private static let reach = AgreementTests.reach

    private func compare(
        _ seeds: Range<UInt64>, turns: UInt64, kicking: Bool = false, scattered: Bool = false,
        of make: (UInt64, UInt64) -> RandomProgram = LoopProgram.make
    ) {
        for seed in seeds.lowerBound..<seeds.lowerBound + UInt64(seeds.count) * Self.reach {
            let program = make(seed, turns)
            let expected = Bench().run(program, translating: false, scattered: scattered)
            let bench = Bench()
            let actual =
                kicking
                ? bench.runKicked(program) : bench.run(program, translating: true, scattered: scattered)
            if expected == actual { continue }
            Issue.record(
                "seed \(seed), \(turns) turns: \(AgreementTests.difference(expected, actual, program))")
            return
        }
    }

    @Test func longLoops() { compare(1..<150, turns: 1500) }

    @Test func loopsAcrossTheBudgetOfAPoll() { compare(1000..<1060, turns: 5000) }

    @Test func loopsThatEndEarly() { compare(2000..<2100, turns: 603) }

    @Test func loopsOverScatteredPages() { compare(4000..<4150, turns: 1500, scattered: true) }

    @Test(arguments: [1, 900] as [UInt64]) func payloadsOfNaNs(turns: UInt64) {
        compare(5000..<5300, turns: turns, of: NaNProgram.make)
    }

    @Test func payloadsOfNaNsUnderInterruptions() {
        compare(6000..<6040, turns: 4000, kicking: true, of: NaNProgram.make)
    }

    @Test func interruptionsGoUnnoticed() { compare(3000..<3040, turns: 4000, kicking: true) }
}

extension Bench {
    /// Runs `program` translated while another thread keeps asking the hart to look up.
    func runKicked(_ program: RandomProgram) -> Outcome {
        let end = End()
        // Any thread may kick.
        nonisolated(unsafe) let hart = hart
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while !end.isReached.load(ordering: .relaxed) {
                hart.kick()
                usleep(20)
            }
            finished.signal()
        }
        let outcome = run(program, translating: true)
        end.isReached.store(true, ordering: .relaxed)
        finished.wait()
        return outcome
    }

    private final class End: Sendable {
        let isReached = Atomic<Bool>(false)
    }
}
