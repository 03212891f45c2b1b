import Machine

/// One channel's half of the PIIX's bus master registers (Programming Interface for Bus Master IDE Controller 1.0):
/// command, status, and the address of a table of pieces of memory.
struct BusMaster {
    private enum Command {
        static let start: UInt8 = 1
        static let isInput: UInt8 = 1 << 3
    }

    private enum Status {
        static let active: UInt8 = 1
        static let error: UInt8 = 1 << 1
        static let interrupt: UInt8 = 1 << 2
        /// That drives can do it, which firmware notes here.
        static let capable: UInt8 = 3 << 5
    }

    /// A table is 64 KiB at most.
    private static let mostEntries = 8192

    private var command: UInt8 = 0
    private var status: UInt8 = 0
    private var table: UInt32 = 0
    private let memory: GuestMemory

    init(_ memory: GuestMemory) { self.memory = memory }

    mutating func reset() { self = BusMaster(memory) }

    var isStarted: Bool { status & Status.active != 0 }

    func read(_ offset: UInt64) -> UInt8 {
        switch offset {
        case 0: command
        case 2: status
        case 4...7: UInt8(truncatingIfNeeded: table >> UInt32(8 * (offset - 4)))
        default: 0
        }
    }

    mutating func write(_ offset: UInt64, _ value: UInt8) {
        switch offset {
        case 0:
            let starts = value & Command.start != 0 && command & Command.start == 0
            command = value & (Command.start | Command.isInput)
            if starts { status |= Status.active }
            if value & Command.start == 0 { status &= ~Status.active }
        case 2:
            status = status & ~Status.capable | value & Status.capable
            status &= ~(value & (Status.error | Status.interrupt))
        case 4...7:
            let shift = UInt32(8 * (offset - 4))
            table = (table & ~(0xFF << shift) | UInt32(value) << shift) & ~3
        default: break
        }
    }

    /// The drive asks for an interrupt.
    mutating func noteInterrupt() { status |= Status.interrupt }

    /// A transfer has ended.
    mutating func finish(failed: Bool) {
        status &= ~Status.active
        if failed { status |= Status.error }
    }

    /// What the table says; `nil` when part of it, or of what it names, is no RAM.
    func transfer() -> BusMasterTransfer? {
        var list = ScatterList(memory)
        for index in 0..<UInt64(Self.mostEntries) {
            guard let entry = memory.load64(UInt64(table) + 8 * index) else { return nil }
            let count = Int(entry >> 32 & 0xFFFE)
            guard list.append(entry & 0xFFFF_FFFE, count == 0 ? 65_536 : count) else { return nil }
            if entry >> 63 != 0 { break }
        }
        return BusMasterTransfer(memory: list, isInput: command & Command.isInput != 0)
    }
}
