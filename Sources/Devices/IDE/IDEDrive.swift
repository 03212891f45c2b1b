/// A drive on an IDE channel: its task file and what it does by commands. Called with the channel's lock held.
protocol IDEDrive {
    var failure: UInt8 { get }
    var device: UInt8 { get }
    var status: UInt8 { get }
    /// Whether a command waits for the bus master to move its data.
    var awaitsBusMaster: Bool { get }

    /// A reset by software or hardware leaves the drive's signature.
    mutating func reset()
    /// Registers 2 to 6; with `high` the older bytes.
    func read(_ register: Int, high: Bool) -> UInt8
    /// Registers 1 to 6.
    mutating func write(_ register: Int, _ value: UInt8)
    /// One word out. True when an interrupt is due, as another block lies ready or the command has ended.
    mutating func readData() -> (value: UInt16, interrupts: Bool)
    /// One word in. True when an interrupt is due, as the block is taken.
    mutating func writeData(_ value: UInt16) -> Bool
    /// Carries out a command, or begins to. True when an interrupt is due.
    mutating func perform(_ command: UInt8) -> Bool
    /// Moves the waiting command's data from or to these pieces of memory, and ends the command; an interrupt is due.
    /// Returns how many bytes were written to memory; `nil` when the command has failed.
    mutating func move(_ memory: BusMasterTransfer) -> Int?
}

/// Pieces of guest memory that a bus master moves data from or to.
struct BusMasterTransfer {
    let memory: ScatterList
    /// Into memory.
    let isInput: Bool
}

/// Bits of the status register (ATA/ATAPI-6, section 7.15).
enum IDEStatus {
    static let error: UInt8 = 1
    static let wantsData: UInt8 = 1 << 3
    static let seekComplete: UInt8 = 1 << 4
    static let ready: UInt8 = 1 << 6
    static let busy: UInt8 = 1 << 7
}
