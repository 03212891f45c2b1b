import Devices
import Testing

@Suite("The registers of a 16550A")
struct UART16550Tests {
    /// Offsets of the data sheet.
    enum Offset {
        static let data: UInt64 = 0
        static let interruptEnable: UInt64 = 1
        static let identity: UInt64 = 2
        static let fifoControl: UInt64 = 2
        static let lineControl: UInt64 = 3
        static let modemControl: UInt64 = 4
        static let lineStatus: UInt64 = 5
        static let modemStatus: UInt64 = 6
        static let scratch: UInt64 = 7
    }

    var uart = UART16550()

    @Test("After power-on it is ready to send, has nothing to read and does not interrupt")
    mutating func powerOn() {
        #expect(uart.read(at: Offset.lineStatus) == 0x60)
        #expect(uart.read(at: Offset.identity) == 0x01)
        #expect(uart.read(at: Offset.modemStatus) == 0xb0)
        #expect(!uart.interruptAsserted)
    }

    @Test("A byte written to the data register is sent")
    mutating func transmit() {
        #expect(uart.write(at: Offset.data, 0x41) == 0x41)
        #expect(uart.write(at: Offset.scratch, 0x41) == nil)
        #expect(uart.read(at: Offset.scratch) == 0x41)
    }

    @Test("The divisor latch takes the place of data and interrupt enable, and back")
    mutating func divisorLatch() {
        _ = uart.write(at: Offset.lineControl, 0x83)
        #expect(uart.write(at: 0, 0x34) == nil)
        _ = uart.write(at: 1, 0x12)
        #expect(uart.read(at: 0) == 0x34)
        #expect(uart.read(at: 1) == 0x12)
        _ = uart.write(at: Offset.lineControl, 0x03)
        #expect(uart.read(at: 0) == 0)
        #expect(uart.read(at: 1) == 0)
    }

    @Test("Interrupt enable keeps its four low bits only, as probing drivers check")
    mutating func interruptEnableMask() {
        _ = uart.write(at: Offset.interruptEnable, 0xff)
        #expect(uart.read(at: Offset.interruptEnable) == 0x0f)
    }

    @Test("Enabling the transmitter interrupt raises it once; reading the identity ends it")
    mutating func transmitterInterrupt() {
        _ = uart.write(at: Offset.interruptEnable, 0x02)
        #expect(uart.interruptAsserted)
        #expect(uart.read(at: Offset.identity) == 0x02)
        #expect(!uart.interruptAsserted)
        _ = uart.write(at: Offset.data, 0x41)
        #expect(uart.read(at: Offset.identity) == 0x02)
        #expect(uart.read(at: Offset.identity) == 0x01)
    }

    /// Looks for input as a guest without interrupts does.
    private mutating func poll() {
        for _ in 0..<64 { _ = uart.read(at: Offset.lineStatus) }
    }

    @Test("A received byte interrupts until it is read")
    mutating func receive() {
        _ = uart.write(at: Offset.interruptEnable, 0x01)
        uart.receive(0x5a)
        #expect(uart.interruptAsserted)
        #expect(uart.read(at: Offset.identity) == 0x04)
        #expect(uart.read(at: Offset.lineStatus) == 0x61)
        #expect(uart.read(at: Offset.data) == 0x5a)
        #expect(!uart.interruptAsserted)
        #expect(uart.read(at: Offset.lineStatus) == 0x60)
    }

    @Test("Below the trigger level the cause is a time-out, at it received data", arguments: [1, 4, 8, 14])
    func triggerLevels(level: Int) throws {
        let code = try #require([1: 0, 4: 1, 8: 2, 14: 3][level])
        var uart = UART16550()
        _ = uart.write(at: Offset.fifoControl, UInt8(code << 6 | 1))
        _ = uart.write(at: Offset.interruptEnable, 0x01)
        for count in 1...16 {
            uart.receive(UInt8(count))
            #expect(uart.read(at: Offset.identity) == (count < level ? 0xcc : 0xc4))
        }
    }

    @Test("With FIFOs, 16 bytes fit; the 17th is lost and reported once as overrun")
    mutating func overrunWithFIFOs() {
        _ = uart.write(at: Offset.fifoControl, 0x01)
        _ = uart.write(at: Offset.interruptEnable, 0x04)
        #expect(uart.room == 0)
        poll()
        #expect(uart.room == 16)
        for byte in 0..<16 { uart.receive(UInt8(byte)) }
        #expect(uart.room == 0)
        #expect(!uart.interruptAsserted)
        uart.receive(99)
        #expect(uart.read(at: Offset.identity) == 0xc6)
        #expect(uart.read(at: Offset.lineStatus) == 0x63)
        #expect(uart.read(at: Offset.lineStatus) == 0x61)
        #expect((0..<16).map { _ in uart.read(at: Offset.data) } == Array(0..<16))
        #expect(uart.read(at: Offset.data) == 0)
    }

    @Test("Without FIFOs, one byte fits and a second takes its place")
    mutating func overrunWithoutFIFOs() {
        poll()
        #expect(uart.room == 1)
        uart.receive(1)
        uart.receive(2)
        #expect(uart.read(at: Offset.lineStatus) & 0x02 != 0)
        #expect(uart.read(at: Offset.data) == 2)
        #expect(uart.read(at: Offset.lineStatus) == 0x60)
    }

    @Test("Clearing the receiver FIFO drops what it held")
    mutating func clearFIFO() {
        _ = uart.write(at: Offset.fifoControl, 0x01)
        uart.receive(1)
        _ = uart.write(at: Offset.fifoControl, 0x03)
        #expect(uart.read(at: Offset.lineStatus) == 0x60)
    }

    @Test("A driver that listens keeps its input when it switches the FIFOs on")
    mutating func inputAcrossFIFOs() {
        _ = uart.write(at: Offset.interruptEnable, 0x01)
        uart.receive(1)
        _ = uart.write(at: Offset.fifoControl, 0x07)
        #expect(uart.read(at: Offset.data) == 1)
    }

    @Test("In loopback, sent bytes come back and outputs feed the modem status")
    mutating func loopback() {
        _ = uart.write(at: Offset.modemControl, 0x1a)
        #expect(uart.room == 0)
        #expect(uart.read(at: Offset.modemStatus) & 0xf0 == 0x90)
        #expect(uart.write(at: Offset.data, 0x77) == nil)
        #expect(uart.read(at: Offset.data) == 0x77)
    }

    @Test("Modem lines that change interrupt until their status is read")
    mutating func modemStatusInterrupt() {
        _ = uart.write(at: Offset.interruptEnable, 0x08)
        _ = uart.write(at: Offset.modemControl, 0x14)
        #expect(uart.read(at: Offset.identity) == 0x00)
        #expect(uart.read(at: Offset.modemStatus) == 0x4b)
        #expect(!uart.interruptAsserted)
        _ = uart.write(at: Offset.modemControl, 0x00)
        #expect(uart.read(at: Offset.modemStatus) == 0xbf)
        #expect(uart.read(at: Offset.modemStatus) == 0xb0)
    }

    @Test("Causes are told in the order of the data sheet")
    mutating func priorities() {
        _ = uart.write(at: Offset.interruptEnable, 0x0f)
        _ = uart.write(at: Offset.modemControl, 0x10)
        _ = uart.write(at: Offset.data, 1)
        _ = uart.write(at: Offset.data, 2)
        #expect(uart.read(at: Offset.identity) == 0x06)
        _ = uart.read(at: Offset.lineStatus)
        #expect(uart.read(at: Offset.identity) == 0x04)
        _ = uart.read(at: Offset.data)
        #expect(uart.read(at: Offset.identity) == 0x02)
        #expect(uart.read(at: Offset.identity) == 0x00)
        _ = uart.read(at: Offset.modemStatus)
        #expect(uart.read(at: Offset.identity) == 0x01)
    }
}
