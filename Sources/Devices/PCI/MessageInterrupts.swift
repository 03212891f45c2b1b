import Machine
import Synchronization

/// Interrupts by messages, MSI-X (PCI Local Bus Specification 3.0, section 6.8.2): a table of addresses and data, and
/// bits for those that wait for their mask to go. The table is at the start of the window, the bits at `pendingOffset`.
package final class MessageInterrupts: Device {
    package static let windowSize: UInt64 = 0x1000
    private static let pendingOffset: UInt64 = 0x800
    private static let entrySize: UInt64 = 16
    private static let masked: UInt32 = 1

    private struct Entry {
        /// Address low and high, data, control.
        var words: [UInt32] = [0, 0, 0, MessageInterrupts.masked]
        var isPending = false
    }

    private struct State {
        var entries: [Entry]
        var isEnabled = false
        var isMasked = false

        /// What is to be sent for an entry that is no longer held back.
        mutating func take(_ index: Int) -> (UInt64, UInt32)? {
            guard isEnabled, !isMasked, entries[index].isPending,
                entries[index].words[3] & MessageInterrupts.masked == 0
            else { return nil }
            entries[index].isPending = false
            let words = entries[index].words
            return (UInt64(words[1]) << 32 | UInt64(words[0]), words[2])
        }
    }

    private let state: Mutex<State>
    private let send: @Sendable (_ address: UInt64, _ data: UInt32) -> Void
    package let count: Int

    /// - Parameters:
    ///   - count: how many messages, 1 to 128.
    ///   - send: writes a message where its address says; called on any thread.
    package init(count: Int, send: @escaping @Sendable (_ address: UInt64, _ data: UInt32) -> Void) {
        self.count = min(max(count, 1), 128)
        state = Mutex(State(entries: [Entry](repeating: Entry(), count: self.count)))
        self.send = send
    }

    /// The capability of a function whose base address register `region` leads here.
    package func capability(region: UInt8) -> PCIFunction.Capability {
        let size = UInt8(truncatingIfNeeded: count - 1)
        return PCIFunction.Capability(
            0x11, [size, 0, region, 0, 0, 0, region, UInt8(Self.pendingOffset >> 8), 0, 0], masks: [0, 0xC0])
    }

    /// Whether messages take the place of the pin.
    package var isEnabled: Bool { state.withLock { $0.isEnabled } }

    /// The upper byte of the capability's control word has been written.
    package func setControl(_ value: UInt8) {
        change { state in
            (state.isEnabled, state.isMasked) = (value & 0x80 != 0, value & 0x40 != 0)
            return state.entries.indices.compactMap { state.take($0) }
        }
    }

    /// Sends a message, or notes that it is to be sent; nothing for one that is not in the table.
    package func signal(_ index: Int) {
        change { state in
            guard state.entries.indices.contains(index) else { return [] }
            state.entries[index].isPending = true
            return [state.take(index)].compactMap { $0 }
        }
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        if width == .double { return read32(offset) | read32(offset &+ 4) << 32 }
        let shift = 8 * (offset & 3)
        let value = read32(offset & ~3) >> shift
        return value & (1 << (8 * UInt64(width.rawValue)) - 1)
    }

    private func read32(_ offset: UInt64) -> UInt64 {
        state.withLock { state in
            if offset >= Self.pendingOffset {
                let first = (offset &- Self.pendingOffset) / 4
                guard first < 4 else { return 0 }
                return (0..<32).reduce(0) { bits, bit in
                    let index = Int(first) * 32 + bit
                    return index < count && state.entries[index].isPending ? bits | 1 << UInt64(bit) : bits
                }
            }
            let index = Int(offset / Self.entrySize)
            return index < count ? UInt64(state.entries[index].words[Int(offset / 4 & 3)]) : 0
        }
    }

    /// Whole words only, as the specification asks of drivers.
    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard offset & 3 == 0, offset < Self.pendingOffset else { return }
        switch width {
        case .word: write32(offset, UInt32(truncatingIfNeeded: value))
        case .double:
            write32(offset, UInt32(truncatingIfNeeded: value))
            write32(offset &+ 4, UInt32(truncatingIfNeeded: value >> 32))
        default: break
        }
    }

    private func write32(_ offset: UInt64, _ value: UInt32) {
        let index = Int(offset / Self.entrySize)
        guard index < count else { return }
        change { state in
            state.entries[index].words[Int(offset / 4 & 3)] = value
            return [state.take(index)].compactMap { $0 }
        }
    }

    package func reset() {
        state.withLock { $0 = State(entries: [Entry](repeating: Entry(), count: count)) }
    }

    private func change(_ body: (inout State) -> [(UInt64, UInt32)]) {
        for (address, data) in state.withLock({ body(&$0) }) { send(address, data) }
    }
}
