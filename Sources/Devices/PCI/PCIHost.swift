import Machine
import Synchronization

/// PCI configuration mechanism 1 (PCI Local Bus Specification 3.0, section 3.2.2.3.2): the address at 0xCF8, the data
/// at 0xCFC; and between them, as a byte of its own, the PIIX3's reset control register at 0xCF9.
package final class PCIHost: Device {
    package static let size: UInt64 = 8
    private static let enable: UInt32 = 1 << 31

    private struct State {
        var address: UInt32 = 0
        var resetControl: UInt8 = 0
    }

    private let state = Mutex(State())
    /// Functions of bus 0 by device and function number.
    private let functions: [UInt8: PCIFunction]
    private let requestReset: @Sendable () -> Void
    /// Ports and memory of the functions, by the bus's addresses.
    package let ports = PCIWindow()
    package let memory = PCIWindow()
    /// One at a time finds out what is where.
    private let mapping = Mutex(())

    /// - Parameters:
    ///   - functions: those of bus 0, by eight times the device's number plus the function's.
    ///   - requestReset: called on the thread of the vCPU that asks for it.
    package init(functions: [UInt8: PCIFunction], requestReset: @escaping @Sendable () -> Void) {
        self.functions = functions
        self.requestReset = requestReset
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        let count = UInt64(width.rawValue)
        guard offset >= 4 else {
            if offset == 1, width == .byte { return UInt64(state.withLock { $0.resetControl }) }
            return width == .word && offset == 0 ? UInt64(state.withLock { $0.address }) : Self.ones(count)
        }
        guard let (function, place) = target(offset) else { return Self.ones(count) }
        return (0..<count).reduce(0) { $0 | UInt64(function.read(place + Int($1))) << (8 * $1) }
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        if offset < 4 { return writeAddress(offset, width, value) }
        guard let (function, place) = target(offset) else { return }
        for index in 0..<Int(width.rawValue) {
            function.write(place + index, UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
        if place < PCIFunction.Place.interruptLine { remap() }
    }

    /// Looks at all base addresses again.
    private func remap() {
        mapping.withLock { _ in
            let all = functions.values.map { $0.mappings() }
            ports.replace(all.flatMap(\.ports))
            memory.replace(all.flatMap(\.memory))
        }
    }

    package func reset() {
        state.withLock { $0 = State() }
        for function in functions.values { function.reset() }
        remap()
    }

    private static func ones(_ count: UInt64) -> UInt64 { count > 7 ? .max : 1 << (8 * count) - 1 }

    private func writeAddress(_ offset: UInt64, _ width: AccessWidth, _ value: UInt64) {
        if offset == 0, width == .word {
            state.withLock { $0.address = UInt32(truncatingIfNeeded: value) & 0x80FF_FFFC }
        } else if offset == 1, width == .byte {
            let byte = UInt8(truncatingIfNeeded: value)
            let rises = state.withLock { state in
                defer { state.resetControl = byte & 2 }
                return byte & 4 != 0
            }
            if rises { requestReset() }
        }
    }

    /// The function addressed, and the place in its space; `nil` where there is none.
    private func target(_ offset: UInt64) -> (PCIFunction, Int)? {
        let address = state.withLock { $0.address }
        guard address & Self.enable != 0, address >> 16 & 0xFF == 0,
            let function = functions[UInt8(truncatingIfNeeded: address >> 8)]
        else { return nil }
        return (function, Int(address & 0xFC) + Int(offset & 3))
    }
}
