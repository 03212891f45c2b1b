import Disks
import Machine
import Synchronization

/// One IDE channel at its ports of old, with up to two drives (ATA/ATAPI-6, sections 7 and 9), and its half of the bus
/// master.
package final class IDEChannel: Sendable {
    /// What is plugged in.
    package enum Drive: Sendable {
        case disk(any Disk)
        case optical(any Disk)
    }

    private struct State {
        var drives: [(any IDEDrive)?]
        var busMaster: BusMaster
        var selected = 0
        var control: UInt8 = 0
        var interrupts = false
    }

    private enum Control {
        static let noInterrupt: UInt8 = 1 << 1
        static let reset: UInt8 = 1 << 2
        static let readsHigh: UInt8 = 1 << 7
    }

    private let state: Mutex<State>
    private let interrupt: InterruptOutputs

    /// - Parameters:
    ///   - drives: the first and the second one.
    ///   - reportError: called on a vCPU's thread with the host's reason why a transfer failed; the guest is told of an
    ///     error besides. It must not block.
    package init(
        interrupt: InterruptLine, memory: GuestMemory, drives: [Drive?],
        reportError: @escaping @Sendable (DiskError) -> Void
    ) {
        var all: [(any IDEDrive)?] = drives.prefix(2).map { drive in
            switch drive {
            case .disk(let disk): ATADrive(disk, reportError: reportError)
            case .optical(let disk): ATAPIDrive(disk, reportError: reportError)
            case nil: nil
            }
        }
        while all.count < 2 { all.append(nil) }
        for index in 0..<2 { all[index]?.reset() }
        state = Mutex(State(drives: all, busMaster: BusMaster(memory)))
        self.interrupt = InterruptOutputs([interrupt])
    }

    /// Eight ports of the bus master.
    package var busMasterPorts: PortRegister {
        PortRegister(
            read: { [self] offset, width in
                state.withLock { state in
                    (0..<UInt64(width.rawValue)).reduce(0) {
                        $0 | UInt64(state.busMaster.read(offset &+ $1)) << (8 * $1)
                    }
                }
            },
            write: { [self] offset, width, value in
                state.withLock { state in
                    for index in 0..<UInt64(width.rawValue) {
                        state.busMaster.write(
                            offset &+ index, UInt8(truncatingIfNeeded: value >> (8 * index)))
                    }
                    Self.transfer(&state)
                }
                drive()
            })
    }

    /// Moves data once both the drive and the bus master are ready to.
    private static func transfer(_ state: inout State) {
        guard state.busMaster.isStarted, state.drives[state.selected]?.awaitsBusMaster == true else { return }
        guard let transfer = state.busMaster.transfer() else {
            // The drive waits on, as it would.
            return state.busMaster.finish(failed: true)
        }
        let moved = state.drives[state.selected]?.move(transfer)
        state.busMaster.finish(failed: moved == nil)
        interrupt(&state)
    }

    private static func interrupt(_ state: inout State) {
        state.interrupts = true
        state.busMaster.noteInterrupt()
    }

    /// The eight command block registers.
    package var commandPorts: PortRegister {
        PortRegister(
            read: { [self] offset, width in
                let value = state.withLock { Self.read(&$0, offset, width) }
                drive()
                return value
            },
            write: { [self] offset, width, value in
                state.withLock { Self.write(&$0, offset, width, value) }
                drive()
            },
            reset: { [self] in
                state.withLock { Self.reset(&$0) }
                drive()
            })
    }

    /// The control register; read, it is the status without acknowledging the interrupt.
    package var controlPort: PortRegister {
        PortRegister(
            read: { [self] _, _ in UInt64(state.withLock { Self.status($0) }) },
            write: { [self] _, _, value in
                state.withLock { Self.control(&$0, UInt8(truncatingIfNeeded: value)) }
                drive()
            })
    }

    private func drive() {
        interrupt.drive {
            state.withLock { $0.interrupts && $0.control & Control.noInterrupt == 0 ? 1 : 0 }
        }
    }

    private static func reset(_ state: inout State) {
        for index in 0..<2 { state.drives[index]?.reset() }
        state.busMaster.reset()
        (state.selected, state.interrupts) = (0, false)
    }

    private static func control(_ state: inout State, _ value: UInt8) {
        if value & Control.reset != 0, state.control & Control.reset == 0 { reset(&state) }
        state.control = value
    }

    /// A drive that is not there answers with zero when another one is, and with nothing at all otherwise.
    private static func status(_ state: State) -> UInt8 { state.drives[state.selected]?.status ?? 0 }

    private static func read(_ state: inout State, _ offset: UInt64, _ width: AccessWidth) -> UInt64 {
        let selected = state.selected
        switch offset {
        case 0: return readData(&state, width)
        case 1: return UInt64(state.drives[selected]?.failure ?? 0)
        case 7:
            state.interrupts = false
            return UInt64(status(state))
        case 6: return UInt64(state.drives[selected]?.device ?? UInt8(selected << 4)) | 0xA0
        default:
            let high = state.control & Control.readsHigh != 0
            return UInt64(state.drives[selected]?.read(Int(offset & 7), high: high) ?? 0)
        }
    }

    private static func readData(_ state: inout State, _ width: AccessWidth) -> UInt64 {
        var value: UInt64 = 0
        for half in 0..<UInt64(max(width.rawValue / 2, 1)) {
            guard let (word, interrupts) = state.drives[state.selected]?.readData() else { break }
            value |= UInt64(word) << (16 * half)
            if interrupts { Self.interrupt(&state) }
        }
        return width == .byte ? value & 0xFF : value
    }

    private static func write(_ state: inout State, _ offset: UInt64, _ width: AccessWidth, _ value: UInt64) {
        let byte = UInt8(truncatingIfNeeded: value)
        switch offset {
        case 0:
            for half in 0..<UInt64(max(width.rawValue / 2, 1)) {
                let word = UInt16(truncatingIfNeeded: value >> (16 * half))
                if state.drives[state.selected]?.writeData(word) == true { interrupt(&state) }
            }
        case 7:
            state.interrupts = false
            if state.drives[state.selected]?.perform(byte) == true { interrupt(&state) }
        default:
            // Both drives listen; bit 4 of register 6 selects one.
            state.control &= ~Control.readsHigh
            for index in 0..<2 { state.drives[index]?.write(Int(offset & 7), byte) }
            if offset == 6 { state.selected = Int(byte >> 4 & 1) }
        }
        transfer(&state)
    }
}
