import Devices
import Machine
import Testing

@Suite("What devices say about themselves")
struct DescriptionTests {
    @Test("A serial port is one that every driver knows")
    func serialPort() {
        let port = SerialPort(interrupt: .unconnected, transmit: { _ in })
        #expect(port.description.compatible == ["ns16550a"])
        #expect(port.description.interrupts)
    }

    @Test("The interrupt controller tells how many sources it has")
    func plic() {
        let plic = PLIC(contexts: [])
        #expect(plic.description.properties.contains(.init("riscv,ndev", .cells([95]))))
        #expect(plic.description.compatible.contains("riscv,plic0"))
    }

    @Test("Property values are encoded big-endian and NUL-terminated")
    func propertyValues() {
        #expect(PropertyValue.flag.encoded == [])
        #expect(PropertyValue.cells([0x0102_0304, 5]).encoded == [1, 2, 3, 4, 0, 0, 0, 5])
        #expect(PropertyValue.quads([0x0102_0304_0506_0708]).encoded == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(PropertyValue.strings(["a", "bc"]).encoded == [0x61, 0, 0x62, 0x63, 0])
        #expect(PropertyValue.bytes([9]).encoded == [9])
    }
}
