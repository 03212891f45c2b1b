/// The registers of a 16550A (PC16550D data sheet), and nothing else: no lock, wire or host.
///
/// The transmitter is infinitely fast, so the holding register is empty whenever the guest looks.
package struct UART16550 {
    private var received = ByteFIFO()
    private var interruptEnable: InterruptEnable = []
    private var fifosEnabled = false
    private var triggerLevel = 1
    private var lineControl: UInt8 = 0
    private var modemControl: ModemControl = []
    private var overrun = false
    /// The oldest received byte stands for a break.
    private var breakReceived = false
    private var modemStatus: ModemStatus = Self.linked
    private var scratch: UInt8 = 0
    private var divisor: UInt16 = 1
    /// The holding register has become empty since the guest last was told so.
    private var transmitterEmptyPending = false
    /// How often the guest has looked for input since it last sent a byte or emptied the receiver.
    private var looks = 0

    /// A guest that has looked so often in a row waits for input; fewer looks are a driver's probing.
    private static let looksOfAReader = 64

    /// The modem lines of a cable that is plugged in.
    private static let linked: ModemStatus = [.clearToSend, .dataSetReady, .carrier]

    package init() {}

    // MARK: The guest's side

    /// Whether the interrupt wire is asserted.
    package var interruptAsserted: Bool { cause != .none }

    /// Reads the byte register at `offset` (0–7; higher bits are not decoded).
    package mutating func read(at offset: UInt64) -> UInt8 {
        switch Register(reading: offset, latched: latched) {
        case .data:
            breakReceived = false
            return received.popFirst() ?? 0
        case .interruptEnable: return interruptEnable.rawValue
        case .interruptIdentity, .fifoControl: return readIdentity()
        case .lineControl: return lineControl
        case .modemControl: return modemControl.rawValue
        case .lineStatus: return readLineStatus()
        case .modemStatus: return readModemStatus()
        case .scratch: return scratch
        case .divisorLow: return UInt8(truncatingIfNeeded: divisor)
        case .divisorHigh: return UInt8(truncatingIfNeeded: divisor >> 8)
        }
    }

    /// Writes the byte register at `offset`; returns the byte to be sent, if that sends one.
    package mutating func write(at offset: UInt64, _ value: UInt8) -> UInt8? {
        switch Register(writing: offset, latched: latched) {
        case .data: return transmit(value)
        case .interruptEnable: writeInterruptEnable(InterruptEnable(rawValue: value).intersection(.all))
        case .fifoControl: writeFIFOControl(value)
        case .lineControl: lineControl = value
        case .modemControl: writeModemControl(ModemControl(rawValue: value).intersection(.all))
        case .scratch: scratch = value
        case .divisorLow: divisor = divisor & 0xff00 | UInt16(value)
        case .divisorHigh: divisor = divisor & 0x00ff | UInt16(value) << 8
        case .interruptIdentity, .lineStatus, .modemStatus: break
        }
        return nil
    }

    // MARK: The host's side

    /// How many bytes the line may deliver now without loss: none in loopback, where it is disconnected, and
    /// none while nobody reads, as drivers throw away what they find when they open the port.
    package var room: Int { isListening ? capacity - min(received.count, capacity) : 0 }

    /// Whether somebody reads, and has taken every byte that arrived.
    package var hasDrained: Bool { isListening && received.isEmpty }

    private var isListening: Bool {
        guard !modemControl.contains(.loopback) else { return false }
        return interruptEnable.contains(.receivedData) || looks >= Self.looksOfAReader
    }

    /// A byte arrives. Without room it is lost, or (FIFOs off) replaces the one before it, and the guest
    /// sees an overrun.
    package mutating func receive(_ byte: UInt8) {
        guard received.count >= capacity else {
            _ = received.append(byte)
            return
        }
        overrun = true
        guard !fifosEnabled else { return }
        received.removeAll()
        _ = received.append(byte)
    }

    /// The line is held low for longer than a byte: the guest finds a zero byte and the break flag with it.
    /// Lost while earlier bytes wait, as there is one flag for the oldest byte only.
    package mutating func receiveBreak() {
        guard received.isEmpty, room > 0 else { return }
        _ = received.append(0)
        breakReceived = true
    }

    /// Takes the oldest received byte past the registers, as built-in firmware does.
    package mutating func takeReceived() -> UInt8? {
        looks = Self.looksOfAReader
        return received.popFirst()
    }

    // MARK: Registers

    private var latched: Bool { lineControl & 0x80 != 0 }

    private var capacity: Int { fifosEnabled ? ByteFIFO.capacity : 1 }

    /// The cause of highest priority (data sheet, table V). Bytes below the trigger level count as
    /// timed out at once: no later byte is worth waiting for.
    private var cause: InterruptCause {
        if interruptEnable.contains(.lineStatus), overrun || breakReceived { return .lineStatus }
        if interruptEnable.contains(.receivedData), !received.isEmpty {
            return received.count >= triggerLevel ? .receivedData : .receiveTimeout
        }
        if interruptEnable.contains(.transmitterEmpty), transmitterEmptyPending { return .transmitterEmpty }
        if interruptEnable.contains(.modemStatus), !modemStatus.isDisjoint(with: .changes) {
            return .modemStatus
        }
        return .none
    }

    /// Telling the guest of an empty transmitter ends that interrupt; the other causes end by service.
    private mutating func readIdentity() -> UInt8 {
        let cause = cause
        if cause == .transmitterEmpty { transmitterEmptyPending = false }
        return cause.rawValue | (fifosEnabled ? 0xc0 : 0)
    }

    private mutating func readLineStatus() -> UInt8 {
        looks = min(looks + 1, Self.looksOfAReader)
        var status: LineStatus = [.holdingEmpty, .transmitterEmpty]
        if !received.isEmpty { status.insert(.dataReady) }
        if overrun { status.insert(.overrun) }
        if breakReceived { status.insert(.breakReceived) }
        overrun = false
        breakReceived = false
        return status.rawValue
    }

    private mutating func readModemStatus() -> UInt8 {
        defer { modemStatus.subtract(.changes) }
        return modemStatus.rawValue
    }

    private mutating func transmit(_ byte: UInt8) -> UInt8? {
        transmitterEmptyPending = true
        if looks < Self.looksOfAReader { looks = 0 }
        guard modemControl.contains(.loopback) else { return byte }
        receive(byte)
        return nil
    }

    /// Enabling the transmitter's interrupt while it is empty raises it: drivers start sending so.
    private mutating func writeInterruptEnable(_ value: InterruptEnable) {
        let changed = interruptEnable.symmetricDifference(value)
        interruptEnable = value
        if changed.contains(.transmitterEmpty) { transmitterEmptyPending = value.contains(.transmitterEmpty) }
    }

    /// Switching the FIFOs on or off empties them; the other bits count only while they are on.
    ///
    /// A driver that listens already keeps what has arrived: Linux takes interrupts before it switches the FIFOs
    /// on, and the line, which is faster than any real one, has then delivered a byte.
    private mutating func writeFIFOControl(_ value: UInt8) {
        let control = FIFOControl(rawValue: value)
        let enable = control.contains(.enable)
        let empties = enable != fifosEnabled || (enable && control.contains(.clearReceiver))
        if empties, !interruptEnable.contains(.receivedData) {
            received.removeAll()
            looks = 0
        }
        fifosEnabled = enable
        triggerLevel = enable ? [1, 4, 8, 14][Int(value >> 6)] : 1
    }

    private mutating func writeModemControl(_ value: ModemControl) {
        modemControl = value
        let lines = value.contains(.loopback) ? Self.loopedBack(value) : Self.linked
        let before = modemStatus.subtracting(.changes)
        let flipped = before.symmetricDifference(lines)
        var changes = modemStatus.intersection(.changes)
        if flipped.contains(.clearToSend) { changes.insert(.clearToSendChanged) }
        if flipped.contains(.dataSetReady) { changes.insert(.dataSetReadyChanged) }
        if flipped.contains(.carrier) { changes.insert(.carrierChanged) }
        if before.contains(.ring), !lines.contains(.ring) { changes.insert(.ringEnded) }
        modemStatus = lines.union(changes)
    }

    /// In loopback the four outputs feed the four inputs (data sheet, section 8.7).
    private static func loopedBack(_ outputs: ModemControl) -> ModemStatus {
        var lines: ModemStatus = []
        if outputs.contains(.requestToSend) { lines.insert(.clearToSend) }
        if outputs.contains(.dataTerminalReady) { lines.insert(.dataSetReady) }
        if outputs.contains(.output1) { lines.insert(.ring) }
        if outputs.contains(.output2) { lines.insert(.carrier) }
        return lines
    }
}
