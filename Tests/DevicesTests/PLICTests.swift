import Devices
import Machine
import TestSupport
import Testing

@Suite("The platform-level interrupt controller")
struct PLICTests {
    let outputs = [RecordingInterrupt(), RecordingInterrupt()]
    let plic: PLIC

    init() { plic = PLIC(contexts: outputs.map(\.line)) }

    private func write(_ offset: UInt64, _ value: UInt64) { plic.write(at: offset, width: .word, value) }
    private func read(_ offset: UInt64) -> UInt64 { plic.read(at: offset, width: .word) }
    private func priority(_ source: UInt64, _ value: UInt64) { write(source * 4, value) }
    private func enable(_ context: UInt64, _ sources: [UInt64]) {
        for word in 0..<UInt64(3) {
            let bits = sources.filter { $0 / 32 == word }.reduce(UInt64(0)) { $0 | 1 << ($1 % 32) }
            write(0x2000 + context * 0x80 + word * 4, bits)
        }
    }
    private func threshold(_ context: UInt64) -> UInt64 { 0x20_0000 + context * 0x1000 }
    private func claim(_ context: UInt64) -> UInt64 { 0x20_0004 + context * 0x1000 }

    @Test("An enabled source with a priority asserts its context's wire; claim and completion end it")
    func claimAndComplete() {
        priority(10, 1)
        enable(1, [10])
        plic.line(10).set(true)
        #expect(!outputs[0].level)
        #expect(outputs[1].level)
        #expect(read(0x1000) == 1 << 10)
        #expect(read(claim(1)) == 10)
        #expect(!outputs[1].level)
        #expect(read(claim(1)) == 0)
        plic.line(10).set(false)
        write(claim(1), 10)
        #expect(!outputs[1].level)
    }

    @Test("A wire still asserted at completion interrupts again")
    func levelTriggered() {
        priority(3, 1)
        enable(0, [3])
        plic.line(3).set(true)
        #expect(read(claim(0)) == 3)
        plic.line(3).set(false)
        plic.line(3).set(true)
        #expect(!outputs[0].level)
        write(claim(0), 3)
        #expect(outputs[0].level)
    }

    @Test("A request once accepted outlives its wire")
    func requestIsLatched() {
        priority(3, 1)
        enable(0, [3])
        plic.line(3).set(true)
        plic.line(3).set(false)
        #expect(outputs[0].level)
        #expect(read(claim(0)) == 3)
    }

    @Test("The highest priority is claimed first, then the lowest number")
    func order() {
        for source in [5, 40, 95] as [UInt64] { plic.line(Int(source)).set(true) }
        priority(5, 2)
        priority(40, 7)
        priority(95, 7)
        enable(0, [5, 40, 95])
        #expect(read(claim(0)) == 40)
        #expect(read(claim(0)) == 95)
        #expect(read(claim(0)) == 5)
        #expect(read(claim(0)) == 0)
    }

    @Test("Only priorities above the threshold interrupt, but a claim ignores it")
    func thresholds() {
        priority(1, 3)
        enable(0, [1])
        write(threshold(0), 3)
        plic.line(1).set(true)
        #expect(!outputs[0].level)
        write(threshold(0), 2)
        #expect(outputs[0].level)
        write(threshold(0), 7)
        #expect(!outputs[0].level)
        #expect(read(claim(0)) == 1)
    }

    @Test("Priority zero never interrupts and is never claimed")
    func priorityZero() {
        enable(0, [1])
        plic.line(1).set(true)
        #expect(!outputs[0].level)
        #expect(read(claim(0)) == 0)
    }

    @Test("Two contexts that enable a source both see it; one claims it")
    func sharedSource() {
        priority(8, 1)
        enable(0, [8])
        enable(1, [8])
        plic.line(8).set(true)
        #expect(outputs[0].level && outputs[1].level)
        #expect(read(claim(1)) == 8)
        #expect(!outputs[0].level && !outputs[1].level)
        #expect(read(claim(0)) == 0)
    }

    @Test("Completion of a source that the context has not enabled is ignored")
    func foreignCompletion() {
        priority(8, 1)
        enable(0, [8])
        plic.line(8).set(true)
        #expect(read(claim(0)) == 8)
        write(claim(1), 8)
        #expect(!outputs[0].level)
        write(claim(0), 8)
        #expect(outputs[0].level)
    }

    @Test("Registers keep what the hardware has bits for")
    func registerMasks() {
        priority(95, 0xffff_ffff)
        priority(0, 5)
        #expect(read(95 * 4) == 7)
        #expect(read(0) == 0)
        write(0x2000, 0xffff_ffff)
        #expect(read(0x2000) == 0xffff_fffe)
        write(0x1000, 0xffff_ffff)
        #expect(read(0x1000) == 0)
        #expect(plic.read(at: 95 * 4, width: .double) == 0)
    }

    @Test("Reset lowers every wire and leaves no request behind")
    func reset() {
        priority(8, 1)
        enable(0, [8])
        plic.line(8).set(true)
        plic.reset()
        #expect(!outputs[0].level)
        #expect(read(8 * 4) == 0)
        #expect(read(0x1000) == 0)
        plic.line(8).set(false)
        priority(8, 1)
        enable(0, [8])
        #expect(!outputs[0].level)
    }
}
