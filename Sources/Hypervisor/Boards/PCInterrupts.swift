import Devices
import Machine

/// Both worlds of interrupt controllers: what drives an ISA interrupt drives the 8259s and the I/O APIC.
struct PCInterrupts {
    private let inputs: [InterruptJunction]
    /// The pins of PCI's functions.
    let routes: PCIInterruptRoutes

    init(pic: PIC, outer: IOAPIC) {
        inputs = (0..<16).map { number in
            let old = pic.line(number)
            // The timer is at input 2, as the input of that number leads to the second 8259.
            let new = outer.line(number == PCMap.Interrupt.timer ? 2 : number)
            return InterruptJunction(
                InterruptLine { asserted in
                    old.set(asserted)
                    new.set(asserted)
                })
        }
        routes = PCIInterruptRoutes(lines: inputs.map { $0.source() })
    }

    /// One more wire to an interrupt of the ISA bus.
    func line(_ number: Int) -> InterruptLine { inputs[number].source() }
}
