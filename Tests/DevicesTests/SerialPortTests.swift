import Devices
import Machine
import TestSupport
import Testing

@Suite("A serial port on the bus")
struct SerialPortTests {
    let wire = RecordingInterrupt()
    let sent = Recorder<UInt8>()
    let wakes = Recorder<Bool>()
    let port: SerialPort

    init() {
        let (sent, wakes) = (sent, wakes)
        port = SerialPort(
            interrupt: wire.line, transmit: { sent.record(contentsOf: $0) },
            wantsInput: { wakes.record(true) })
    }

    private func receive(_ bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { port.receive($0) } }

    /// A driver that is told of input.
    private func listen() { port.write(at: 1, width: .byte, 1) }

    @Test("What the guest writes reaches the line in order", arguments: [AccessWidth.byte, .word, .double])
    func transmit(width: AccessWidth) {
        for byte in "hello".utf8 { port.write(at: 0, width: width, 0xff00 | UInt64(byte)) }
        #expect(sent.recorded == Array("hello".utf8))
    }

    @Test("The wire follows the registers")
    func interruptWire() {
        port.write(at: 1, width: .byte, 1)
        #expect(!wire.level)
        #expect(receive([7]) == 1)
        #expect(wire.level)
        #expect(port.read(at: 0, width: .byte) == 7)
        #expect(!wire.level)
        #expect(wire.rises == 1)
    }

    @Test("Input is taken as far as it fits, and more is asked for when the guest has read it all")
    func flowControl() {
        port.write(at: 2, width: .byte, 1)
        listen()
        let input = (0..<40).map { UInt8($0) }
        #expect(receive(input) == 16)
        #expect(receive(Array(input[16...])) == 0)
        for expected in 0..<15 { #expect(port.read(at: 0, width: .byte) == UInt64(expected)) }
        #expect(wakes.recorded.isEmpty)
        #expect(port.read(at: 0, width: .byte) == 15)
        #expect(wakes.recorded.count == 1)
        #expect(receive(Array(input[16...])) == 16)
    }

    @Test("Input that fits wholly asks for nothing")
    func noNeedlessWake() {
        listen()
        #expect(receive([1]) == 1)
        _ = port.read(at: 0, width: .byte)
        #expect(wakes.recorded.isEmpty)
    }

    @Test("Nothing is received in loopback; leaving it lets input in again")
    func loopbackRefusesInput() {
        listen()
        port.write(at: 4, width: .byte, 0x10)
        #expect(receive([1]) == 0)
        #expect(wakes.recorded.isEmpty)
        port.write(at: 4, width: .byte, 0)
        #expect(wakes.recorded.count == 1)
        #expect(receive([1]) == 1)
    }

    @Test("Input waits until a driver that has emptied the receiver listens")
    func inputBeforeTheDriver() {
        #expect(receive([1, 2]) == 0)
        port.write(at: 2, width: .byte, 7)
        _ = port.read(at: 5, width: .byte)
        _ = port.read(at: 0, width: .byte)
        #expect(wakes.recorded.isEmpty)
        listen()
        #expect(wakes.recorded.count == 1)
        #expect(receive([1, 2]) == 2)
    }

    @Test("A guest that polls for input is a reader, one that polls to send is none")
    func polling() {
        #expect(receive([1]) == 0)
        for _ in 0..<8 {
            _ = port.read(at: 5, width: .byte)
            port.write(at: 0, width: .byte, 0x2e)
        }
        #expect(wakes.recorded.isEmpty)
        for _ in 0..<64 { _ = port.read(at: 5, width: .byte) }
        #expect(wakes.recorded.count == 1)
        #expect(receive([1]) == 1)
    }

    @Test("Firmware can take input behind the guest's back")
    func takeInput() {
        port.write(at: 2, width: .byte, 1)
        port.write(at: 1, width: .byte, 1)
        #expect(receive([1, 2, 3]) == 3)
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(buffer.withUnsafeMutableBytes { port.takeInput(into: $0) } == 3)
        #expect(buffer.prefix(3) == [1, 2, 3])
        #expect(!wire.level)
    }

    @Test("Reset empties it and lowers the wire")
    func reset() {
        port.write(at: 1, width: .byte, 1)
        #expect(receive([1, 2]) == 1)
        port.reset()
        #expect(!wire.level)
        #expect(port.read(at: 5, width: .byte) == 0x60)
        listen()
        #expect(wakes.recorded.count == 1)
    }
}
