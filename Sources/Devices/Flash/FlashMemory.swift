import Machine
import Synchronization

/// NOR flash of the Intel command set with a bus of 8 bits (JEDEC JEP137, CFI 1.4), as UEFI keeps its variables in:
/// bytes are programmed, which can only clear bits, and erased in blocks of 4 KiB.
package final class FlashMemory: Device {
    package static let blockSize = 4096

    private enum Mode {
        case array, status, identity, query
        case program
        case erase
        /// How many bytes the buffer is to take, minus one; then the bytes; then the confirmation.
        case bufferCount
        case bufferData(left: Int)
        case bufferConfirm
    }

    private enum Status {
        static let ready: UInt8 = 1 << 7
        static let sequenceError: UInt8 = 3 << 4
    }

    private struct State {
        var bytes: [UInt8]
        var mode = Mode.array
        var status = Status.ready
        /// What the buffer has taken, by place.
        var buffer: [(place: Int, value: UInt8)] = []
    }

    private let state: Mutex<State>
    private let store: @Sendable (_ offset: Int, _ bytes: [UInt8]) -> Void
    package let size: Int

    /// - Parameters:
    ///   - bytes: what it holds; a multiple of the block's size.
    ///   - store: keeps what has changed; called with the device's lock held, so that changes come in their order, on
    ///     the thread of the vCPU that writes.
    package init(_ bytes: [UInt8], store: @escaping @Sendable (_ offset: Int, _ bytes: [UInt8]) -> Void) {
        size = bytes.count
        state = Mutex(State(bytes: bytes))
        self.store = store
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        state.withLock { state in
            (0..<UInt64(width.rawValue)).reduce(0) { value, index in
                value | UInt64(Self.byte(state, offset &+ index)) << (8 * index)
            }
        }
    }

    private static func byte(_ state: borrowing State, _ offset: UInt64) -> UInt8 {
        guard let place = Int(exactly: offset), place < state.bytes.count else { return 0xFF }
        return switch state.mode {
        case .array: state.bytes[place]
        // Maker and device; blocks are not locked.
        case .identity: place & 0xFF == 0 ? 0x89 : place & 0xFF == 1 ? 0x18 : 0
        case .query: query(place & 0xFF, state.bytes.count)
        default: state.status
        }
    }

    /// The query table (JEP137): Intel's extended command set, one region of blocks, no buffer beyond 256 bytes.
    private static func query(_ place: Int, _ size: Int) -> UInt8 {
        let blocks = size / blockSize - 1
        let table: [Int: UInt8] = [
            0x10: UInt8(ascii: "Q"), 0x11: UInt8(ascii: "R"), 0x12: UInt8(ascii: "Y"), 0x13: 1, 0x15: 0x31,
            0x1B: 0x45, 0x1C: 0x55, 0x1F: 7, 0x20: 7, 0x21: 10, 0x23: 4, 0x24: 4, 0x25: 4,
            0x27: UInt8(size <= 1 ? 0 : Int.bitWidth - (size - 1).leadingZeroBitCount), 0x2A: 8, 0x2C: 1,
            0x2D: UInt8(blocks & 0xFF), 0x2E: UInt8(blocks >> 8 & 0xFF), 0x2F: UInt8(blockSize >> 8 & 0xFF),
            0x30: UInt8(blockSize >> 16),
        ]
        return table[place] ?? 0
    }

    /// The commands are bytes: of wider accesses each byte is one.
    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        state.withLock { state in
            for index in 0..<UInt64(width.rawValue) {
                guard let place = Int(exactly: offset &+ index), place < size else { return }
                take(UInt8(truncatingIfNeeded: value >> (8 * index)), at: place, &state)
            }
        }
    }

    private func take(_ value: UInt8, at place: Int, _ state: inout State) {
        switch state.mode {
        case .program:
            program([(place, value)], &state)
        case .erase:
            if value == 0xD0 { erase(place, &state) } else { fail(&state) }
        case .bufferCount: (state.buffer, state.mode) = ([], .bufferData(left: Int(value) + 1))
        case .bufferData(let left):
            state.buffer.append((place, value))
            state.mode = left > 1 ? .bufferData(left: left - 1) : .bufferConfirm
        case .bufferConfirm:
            if value == 0xD0 { program(state.buffer, &state) } else { fail(&state) }
            state.buffer = []
        default: command(value, &state)
        }
    }

    private func command(_ value: UInt8, _ state: inout State) {
        switch value {
        case 0x10, 0x40: state.mode = .program
        case 0x20: state.mode = .erase
        case 0xE8: state.mode = .bufferCount
        case 0x70: state.mode = .status
        case 0x90: state.mode = .identity
        case 0x98: state.mode = .query
        // What clears the status leaves the mode: by that its users tell flash from RAM and ROM.
        case 0x50: state.status = 0
        default: state.mode = .array
        }
    }

    private func program(_ changes: [(place: Int, value: UInt8)], _ state: inout State) {
        for (place, value) in changes {
            state.bytes[place] &= value
            store(place, [state.bytes[place]])
        }
        (state.status, state.mode) = (state.status | Status.ready, .status)
    }

    private func erase(_ place: Int, _ state: inout State) {
        let first = place / Self.blockSize * Self.blockSize
        let blank = [UInt8](repeating: 0xFF, count: min(Self.blockSize, size - first))
        state.bytes.replaceSubrange(first..<first + blank.count, with: blank)
        store(first, blank)
        (state.status, state.mode) = (state.status | Status.ready, .status)
    }

    private func fail(_ state: inout State) {
        (state.status, state.mode) = (Status.ready | Status.sequenceError, .status)
    }

    /// What it holds stays.
    package func reset() {
        state.withLock { ($0.mode, $0.status, $0.buffer) = (.array, Status.ready, []) }
    }

    /// What it holds now.
    package var contents: [UInt8] { state.withLock { $0.bytes } }
}
