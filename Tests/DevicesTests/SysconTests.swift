import Devices
import Machine
import TestSupport
import Testing

@Suite("The test finisher")
struct SysconTests {
    @Test(
        "Keys written to its first word are power requests",
        arguments: [
            (UInt64(0x5555), AccessWidth.word, PowerRequest.powerOff),
            (0x7777, .word, .reset),
            (0x3333, .word, .failed(code: 0)),
            (0x002a_3333, .word, .failed(code: 42)),
            (0x5555, .half, .powerOff),
            (0xffff_ffff_0000_5555, .double, .powerOff),
        ] as [(UInt64, AccessWidth, PowerRequest)])
    func keys(value: UInt64, width: AccessWidth, expected: PowerRequest) {
        let requests = Recorder<PowerRequest>()
        Syscon { requests.record($0) }.write(at: 0, width: width, value)
        #expect(requests.recorded == [expected])
    }

    @Test("Anything else does nothing")
    func others() {
        let requests = Recorder<PowerRequest>()
        let syscon = Syscon { requests.record($0) }
        syscon.write(at: 0, width: .word, 0x1234)
        syscon.write(at: 4, width: .word, 0x5555)
        syscon.write(at: 0, width: .byte, 0x55)
        #expect(requests.recorded.isEmpty)
        #expect(syscon.read(at: 0, width: .word) == 0)
    }
}
