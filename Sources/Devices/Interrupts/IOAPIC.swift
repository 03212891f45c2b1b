import Machine
import Synchronization

/// The I/O APIC: 24 wires in, interrupt messages out (Intel 82093AA datasheet).
package final class IOAPIC: Device {
    package static let inputs = 24
    package static let windowSize: UInt64 = 0x20

    private let core = Mutex(IOAPICCore())
    private let send: @Sendable (APICMessage) -> Void

    /// - Parameter send: takes each message; called on whichever thread drives a wire.
    package init(send: @escaping @Sendable (APICMessage) -> Void) { self.send = send }

    /// The wire into one input.
    package func line(_ input: Int) -> InterruptLine {
        InterruptLine { [self] asserted in deliver { $0.set(input, asserted) } }
    }

    /// The handler of a level-triggered vector has ended: what is still asserted is sent again.
    package func endOfInterrupt(_ vector: UInt8) { deliver { $0.endOfInterrupt(vector) } }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        UInt64(core.withLock { $0.read(at: offset) })
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        deliver { $0.write(at: offset, UInt32(truncatingIfNeeded: value)) }
    }

    /// Wires keep their levels: they belong to whoever drives them.
    package func reset() { core.withLock { $0.reset() } }

    private func deliver(_ body: (inout IOAPICCore) -> [APICMessage]) {
        for message in core.withLock({ body(&$0) }) { send(message) }
    }
}

/// The I/O APIC's registers.
struct IOAPICCore {
    private enum Entry {
        static let remoteRequest: UInt64 = 1 << 14
        static let isLevel: UInt64 = 1 << 15
        static let masked: UInt64 = 1 << 16
        /// Everything but the two status bits.
        static let writable: UInt64 = 0xFF00_0000_0001_AFFF
    }

    /// Version 0x20, and the number of the last entry.
    private static let version = UInt32(IOAPIC.inputs - 1) << 16 | 0x20

    private var selected: UInt32 = 0
    private var identifier: UInt32 = 0
    private var entries = [UInt64](repeating: Entry.masked, count: IOAPIC.inputs)
    private var levels = [Bool](repeating: false, count: IOAPIC.inputs)

    mutating func reset() {
        selected = 0
        identifier = 0
        entries = [UInt64](repeating: Entry.masked, count: IOAPIC.inputs)
    }

    func read(at offset: UInt64) -> UInt32 {
        guard offset == 0x10 else { return offset == 0 ? selected : 0 }
        switch selected {
        case 0, 2: return identifier
        case 1: return Self.version
        default:
            guard let (index, isHigh) = entry(selected) else { return 0 }
            return UInt32(truncatingIfNeeded: isHigh ? entries[index] >> 32 : entries[index])
        }
    }

    mutating func write(at offset: UInt64, _ value: UInt32) -> [APICMessage] {
        if offset == 0 { selected = value & 0xFF }
        guard offset == 0x10 else { return [] }
        if selected == 0 { identifier = value & 0x0F00_0000 }
        guard let (index, isHigh) = entry(selected) else { return [] }
        let old = entries[index]
        let new = isHigh ? old & 0xFFFF_FFFF | UInt64(value) << 32 : old & ~0xFFFF_FFFF | UInt64(value)
        entries[index] = new & Entry.writable | old & ~Entry.writable
        // An edge-triggered entry has no request to remember.
        if entries[index] & Entry.isLevel == 0 { entries[index] &= ~Entry.remoteRequest }
        return entries[index] & Entry.isLevel != 0 ? levelMessage(index) : []
    }

    private func entry(_ register: UInt32) -> (index: Int, isHigh: Bool)? {
        guard register >= 0x10, register < 0x10 + 2 * UInt32(IOAPIC.inputs) else { return nil }
        return (Int(register - 0x10) / 2, register & 1 != 0)
    }

    mutating func set(_ input: Int, _ asserted: Bool) -> [APICMessage] {
        guard levels.indices.contains(input) else { return [] }
        let isRising = asserted && !levels[input]
        levels[input] = asserted
        if entries[input] & Entry.isLevel != 0 { return levelMessage(input) }
        guard isRising, entries[input] & Entry.masked == 0 else { return [] }
        return [message(entries[input])]
    }

    mutating func endOfInterrupt(_ vector: UInt8) -> [APICMessage] {
        var messages: [APICMessage] = []
        for index in entries.indices {
            let entry = entries[index]
            guard entry & Entry.isLevel != 0, UInt8(truncatingIfNeeded: entry) == vector else { continue }
            entries[index] &= ~Entry.remoteRequest
            messages += levelMessage(index)
        }
        return messages
    }

    private func message(_ entry: UInt64) -> APICMessage {
        APICMessage(
            vector: UInt8(truncatingIfNeeded: entry),
            mode: APICMessage.Mode(rawValue: UInt32(truncatingIfNeeded: entry >> 8)),
            isLevel: entry & Entry.isLevel != 0, destination: UInt32(truncatingIfNeeded: entry >> 56),
            isLogical: entry & 1 << 11 != 0)
    }

    /// A level is sent once, until the handler has ended.
    private mutating func levelMessage(_ index: Int) -> [APICMessage] {
        guard levels[index], entries[index] & (Entry.masked | Entry.remoteRequest) == 0 else { return [] }
        entries[index] |= Entry.remoteRequest
        return [message(entries[index])]
    }
}
