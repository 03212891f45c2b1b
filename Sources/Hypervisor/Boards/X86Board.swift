import Devices
import Firmware
import Machine
import Model
import X86

/// What x86-64 cores sit on. All methods are called on the loop's thread, while no core runs.
protocol X86Board: AnyObject, Sendable {
    /// The first serial port.
    var serial: SerialPort { get }
    var clock: CMOSClock { get }
    /// Screen, keyboard and mouse, where there are such.
    var seat: Seat? { get }

    /// Puts what the machine starts from into RAM, which is zero but for an earlier load.
    func load() throws -> X86Start
    /// Returns every device to its state after power-on.
    func reset()
    /// Holds the devices still: on return none of them touches RAM.
    func pause()
    func resume()
}

/// What an x86 board is made of, besides the files that it starts from.
struct X86BoardParts {
    let spec: MachineSpec
    let memory: GuestMemory
    /// Empty so far.
    let bus: AddressSpace
    let ports: AddressSpace
    /// One or more; none where `line` leads elsewhere.
    let cores: [Core]
    let links: BoardLinks
    let alarm: AlarmClock
    let panel: FrontPanel
    /// In the order of their slots.
    let virtio: [any VirtioDevice]
    /// Inputs of the host's own I/O APIC, in place of the board's controllers.
    var line: ((Int) -> InterruptLine)?
}

/// Where the first core begins.
enum X86Start {
    /// At the firmware's last 16 bytes, as processors do.
    case reset
    /// In 64-bit mode at this address, by the boot protocol of Linux.
    case linux(entry: UInt64)

    /// Puts a core that was reset to its first instruction.
    func place(_ core: Core) {
        switch self {
        case .reset: core.startRealMode()
        case .linux(let entry):
            core.startLongMode(
                at: entry, pageTables: BootParameters.Place.pageTables,
                descriptors: (
                    BootParameters.Place.descriptors, UInt16(BootParameters.descriptors.count * 8 - 1)
                ),
                argument: BootParameters.Place.parameters)
        }
    }
}

/// What the x86 boards have in common.
enum X86Map {
    /// RAM lies in one piece from 0; devices begin above.
    static let largestMemory: UInt64 = 3 << 30
}
