import CLI
import Glibc
import Host
import Model
import Testing

@Suite struct OutputTests {
    @Test func `a table aligns its columns and leaves no trailing spaces`() {
        var table = Table(["ID", "NAME", "STATE"])
        table.add(["1", "busybox", "running"])
        table.add(["234", "a×b", ""])
        #expect(
            table.description == """
                ID   NAME     STATE
                1    busybox  running
                234  a×b
                """)
    }

    @Test func `a panic is seen however the output is cut`() {
        let text = Array("[ 1.0] Kernel Kernel panic - not syncing: VFS".utf8)
        for cut in 0...text.count {
            var watch = PanicWatch()
            let early = watch.take(text[..<cut])
            #expect(early || watch.take(text[cut...]))
        }
        var calm = PanicWatch()
        let isAlarmed = calm.take(Array("kernel panic - not syncing; Kernel panic - no".utf8))
        #expect(!isAlarmed)
    }

    @Test func `the last event decides the exit code, a silent death is told by its signal`() {
        let off = MachineEvent(.poweredOff, seconds: 1, instructions: 2)
        #expect(Outcome(last: off, exit: .exited(0)).code == .success)
        let failed = MachineEvent(.guestFailed, seconds: 1, instructions: 2, detail: "all harts stopped")
        #expect(Outcome(last: failed, exit: .exited(65)).code == .guestFailed)
        #expect(Outcome(last: failed, exit: .exited(65)).reason == "all harts stopped")
        let started = MachineEvent(.started, seconds: 0, instructions: 0)
        #expect(Outcome(last: started, exit: .signalled(SIGKILL)).code == .ended)
        #expect(Outcome(last: started, exit: .signalled(SIGSEGV)).code == .internalFault)
        #expect(Outcome(last: nil, exit: .signalled(SIGSYS)).code == .internalFault)
        #expect(Outcome(last: started, exit: .exited(0)).code == .internalFault)
        let refused = MachineEvent(.refused, seconds: 0, instructions: 0, detail: "no kernel", code: 66)
        #expect(Outcome(last: refused, exit: .exited(66)).code == .unusableFile)
    }
}
