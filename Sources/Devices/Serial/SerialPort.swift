import Machine
import Synchronization

/// A 16550A on the bus: the registers behind a lock, an interrupt wire and a line to the host.
package final class SerialPort: DescribedDevice {
    private struct State {
        var uart = UART16550()
        /// Input was turned away; the host waits to be told of room.
        var inputRefused = false
    }

    private let state = Mutex(State())
    private let interrupt: InterruptOutputs
    private let transmit: @Sendable (UnsafeRawBufferPointer) -> Void
    private let wantsInput: @Sendable () -> Void

    /// - Parameters:
    ///   - interrupt: asserted while the guest should look.
    ///   - transmit: takes what the guest sends, on the vCPU thread that sends it; it may block, and the
    ///     guest then goes at the line's pace.
    ///   - wantsInput: tells, on some vCPU thread, that there is room again after `receive` took less
    ///     than it was offered.
    package init(
        interrupt: InterruptLine,
        transmit: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        wantsInput: @escaping @Sendable () -> Void = {}
    ) {
        self.interrupt = InterruptOutputs([interrupt])
        self.transmit = transmit
        self.wantsInput = wantsInput
    }

    package var description: DeviceDescription {
        DeviceDescription(
            name: "serial", compatible: ["ns16550a"], size: 0x100, interrupts: true,
            properties: [.init("clock-frequency", .cells([3_686_400]))])
    }

    /// Registers are bytes: any width reaches the one at `offset`. Offsets above 7 read as zero.
    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        guard offset < 8 else { return 0 }
        return UInt64(perform { $0.uart.read(at: offset) })
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard offset < 8 else { return }
        let sent = perform { $0.uart.write(at: offset, UInt8(truncatingIfNeeded: value)) }
        if let sent { withUnsafeBytes(of: sent, transmit) }
    }

    package func reset() {
        perform { $0.uart = UART16550() }
    }

    /// Offers bytes from the host; callable from any thread.
    ///
    /// - Returns: how many were taken, from the front. When fewer than offered, `wantsInput` is called
    ///   once the guest has emptied the receiver.
    package func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        perform { state in
            let count = min(state.uart.room, bytes.count)
            for byte in bytes.prefix(count) { state.uart.receive(byte) }
            if count < bytes.count { state.inputRefused = true }
            return count
        }
    }

    /// Sends the guest a break; callable from any thread. It is lost while input waits to be read.
    package func receiveBreak() {
        perform { $0.uart.receiveBreak() }
    }

    /// Moves received bytes into `buffer` behind the guest's back, for the console calls of built-in
    /// firmware. Returns how many there were.
    package func takeInput(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        perform { state in
            var count = 0
            while count < buffer.count, let byte = state.uart.takeReceived() {
                buffer[count] = byte
                count += 1
            }
            return count
        }
    }

    /// Runs `body` under the lock, then drives the wire and wakes the host as far as that changed anything.
    @discardableResult
    private func perform<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, levelChanged, roomAgain) = state.withLock { state in
            let before = state.uart.interruptAsserted
            let result = body(&state)
            let roomAgain = state.inputRefused && state.uart.hasDrained
            if roomAgain { state.inputRefused = false }
            return (result, state.uart.interruptAsserted != before, roomAgain)
        }
        if levelChanged { interrupt.drive { state.withLock { $0.uart.interruptAsserted ? 1 : 0 } } }
        if roomAgain { wantsInput() }
        return result
    }
}
