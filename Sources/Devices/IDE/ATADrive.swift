import Disks
import Glibc

/// One ATA hard disk: its task file and the commands that it knows (ATA/ATAPI-6), data by programmed input and output
/// or by the bus master.
///
/// Transfers are made at once, on the thread of the vCPU that asks.
struct ATADrive: IDEDrive {
    private typealias Status = IDEStatus

    private enum Failure {
        static let aborted: UInt8 = 1 << 2
        static let notFound: UInt8 = 1 << 4
        static let uncorrectable: UInt8 = 1 << 6
    }

    /// Of one interrupt at most.
    static let mostSectors = 256
    private static let sectorSize = Int(DiskImage.sectorSize)
    private static let heads: UInt64 = 16
    private static let sectorsPerTrack: UInt64 = 63

    private let disk: any Disk
    private let reportError: @Sendable (DiskError) -> Void

    // The task file; of the byte registers the older values, too, which 48-bit commands read.
    private(set) var failure: UInt8 = 1
    private var sectorCount: UInt16 = 1
    private var lowAddress: UInt16 = 1
    private var middleAddress: UInt16 = 0
    private var highAddress: UInt16 = 0
    private(set) var device: UInt8 = 0
    private(set) var status = IDEStatus.ready | IDEStatus.seekComplete

    /// What is to be moved through the data register, and how far that has come.
    private var buffer: [UInt8] = []
    private var position = 0
    /// A write in progress: where the next block goes, and how many sectors are left.
    private var next: UInt64 = 0
    private var left = 0
    private var isWriting = false
    /// The command's data are the bus master's to move.
    private(set) var awaitsBusMaster = false
    /// Sectors that one interrupt stands for.
    private var block = 1
    private var multiple = 0

    init(_ disk: any Disk, reportError: @escaping @Sendable (DiskError) -> Void) {
        self.disk = disk
        self.reportError = reportError
    }

    /// A reset by software or hardware leaves the signature of an ATA disk.
    mutating func reset() {
        (failure, sectorCount, lowAddress, middleAddress, highAddress, device) = (1, 1, 1, 0, 0, 0)
        status = Status.ready | Status.seekComplete
        (buffer, position, left, isWriting, awaitsBusMaster) = ([], 0, 0, false, false)
    }

    // MARK: Registers

    /// Registers 2 to 6; with `high` the older bytes.
    func read(_ register: Int, high: Bool) -> UInt8 {
        let shift: UInt16 = high ? 8 : 0
        return switch register {
        case 2: UInt8(truncatingIfNeeded: sectorCount >> shift)
        case 3: UInt8(truncatingIfNeeded: lowAddress >> shift)
        case 4: UInt8(truncatingIfNeeded: middleAddress >> shift)
        case 5: UInt8(truncatingIfNeeded: highAddress >> shift)
        default: device
        }
    }

    mutating func write(_ register: Int, _ value: UInt8) {
        switch register {
        case 2: sectorCount = sectorCount << 8 | UInt16(value)
        case 3: lowAddress = lowAddress << 8 | UInt16(value)
        case 4: middleAddress = middleAddress << 8 | UInt16(value)
        case 5: highAddress = highAddress << 8 | UInt16(value)
        case 6: device = value
        default: break
        }
    }

    // MARK: Data

    /// One word out. True when an interrupt is due, as another block lies ready.
    mutating func readData() -> (value: UInt16, interrupts: Bool) {
        guard status & Status.wantsData != 0, !isWriting, position + 1 < buffer.count else {
            return (0, false)
        }
        let value = UInt16(buffer[position]) | UInt16(buffer[position + 1]) << 8
        position += 2
        guard position >= buffer.count else { return (value, false) }
        return (value, fetch())
    }

    /// One word in. True when an interrupt is due, as the block is written.
    mutating func writeData(_ value: UInt16) -> Bool {
        guard status & Status.wantsData != 0, isWriting, position + 1 < buffer.count else { return false }
        buffer[position] = UInt8(value & 0xFF)
        buffer[position + 1] = UInt8(value >> 8)
        position += 2
        guard position >= buffer.count else { return false }
        store()
        return true
    }

    /// Reads the next block of a read command. True when there was one.
    private mutating func fetch() -> Bool {
        guard left > 0 else {
            finish()
            return false
        }
        let count = min(block, left)
        buffer = [UInt8](repeating: 0, count: count * Self.sectorSize)
        guard move(write: false) else { return true }
        (next, left, position) = (next + UInt64(count), left - count, 0)
        status = Status.ready | Status.seekComplete | Status.wantsData
        return true
    }

    private mutating func store() {
        guard move(write: true) else { return }
        let count = buffer.count / Self.sectorSize
        (next, left) = (next + UInt64(count), left - count)
        if left > 0 { expectBlock() } else { finish() }
    }

    private mutating func expectBlock() {
        buffer = [UInt8](repeating: 0, count: min(block, left) * Self.sectorSize)
        position = 0
        status = Status.ready | Status.seekComplete | Status.wantsData
    }

    private mutating func finish() {
        (buffer, position, left, isWriting, awaitsBusMaster) = ([], 0, 0, false, false)
        status = Status.ready | Status.seekComplete
    }

    private mutating func fail(_ reason: UInt8) {
        finish()
        failure = reason
        status |= Status.error
    }

    /// Moves the buffer from or to where the command has come. False when that failed.
    private mutating func move(write: Bool) -> Bool {
        let (disk, next) = (disk, next)
        let failure: DiskError? = buffer.withUnsafeMutableBytes { bytes in
            var piece = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
            return withUnsafeMutablePointer(to: &piece) { piece in
                Self.transfer(disk, next, IOVectors(base: piece, count: 1), write)
            }
        }
        return settle(failure)
    }

    private mutating func settle(_ error: DiskError?) -> Bool {
        guard let error else { return true }
        // A range that the guest got wrong is between it and its driver.
        if error != .outOfRange, error != .readOnly { reportError(error) }
        fail(
            error == .outOfRange
                ? Failure.notFound : error == .readOnly ? Failure.aborted : Failure.uncorrectable)
        return false
    }

    mutating func move(_ transfer: BusMasterTransfer) -> Int? {
        let (disk, next, isWriting) = (disk, next, isWriting)
        let count = left * Self.sectorSize
        // Too little memory, or the other way round, is a mistake of the driver.
        guard transfer.memory.byteCount >= count, transfer.isInput != isWriting else {
            fail(Failure.aborted)
            return nil
        }
        let error = transfer.memory.withVectors(count) { Self.transfer(disk, next, $0, isWriting) }
        guard settle(error) else { return nil }
        if !isWriting { transfer.memory.didWrite(count) }
        finish()
        return isWriting ? 0 : count
    }

    private static func transfer(
        _ disk: any Disk, _ sector: UInt64, _ vectors: IOVectors, _ write: Bool
    ) -> DiskError? {
        let (offset, overflow) = sector.multipliedReportingOverflow(by: DiskImage.sectorSize)
        if overflow { return .outOfRange }
        do throws(DiskError) {
            if write {
                try disk.write(at: offset, from: vectors)
            } else {
                try disk.read(at: offset, into: vectors)
            }
            return nil
        } catch {
            return error
        }
    }

    // MARK: Commands

    /// Carries out a command, or begins to. True when an interrupt is due.
    mutating func perform(_ command: UInt8) -> Bool {
        failure = 0
        status = Status.ready | Status.seekComplete
        awaitsBusMaster = false
        switch command {
        case 0x20, 0x21: return beginRead(isLong: false, block: 1)
        case 0x24: return beginRead(isLong: true, block: 1)
        case 0xC4: return beginRead(isLong: false, block: multiple)
        case 0x29: return beginRead(isLong: true, block: multiple)
        case 0x30, 0x31: return beginWrite(isLong: false, block: 1)
        case 0x34: return beginWrite(isLong: true, block: 1)
        case 0xC5: return beginWrite(isLong: false, block: multiple)
        case 0x39: return beginWrite(isLong: true, block: multiple)
        case 0xC8, 0xC9: return beginTransfer(isLong: false, write: false)
        case 0x25: return beginTransfer(isLong: true, write: false)
        case 0xCA, 0xCB: return beginTransfer(isLong: false, write: true)
        case 0x35: return beginTransfer(isLong: true, write: true)
        case 0x40, 0x41: verify(isLong: false)
        case 0x42: verify(isLong: true)
        case 0xC6: setMultiple()
        case 0xEC: identify()
        case 0xE7, 0xEA: flush()
        // Recalibrate, seek, geometry, features, and the power modes are all taken and mean nothing here.
        case 0x10...0x1F, 0x70...0x7F, 0x91, 0xEF, 0xE0...0xE3, 0xE6: break
        case 0xE5: sectorCount = 0xFF
        case 0x90: (failure, status) = (1, Status.ready | Status.seekComplete)
        default: fail(Failure.aborted)
        }
        return true
    }

    /// First sector and number of sectors of the command, whichever way the address is given; `nil` for an impossible
    /// one.
    private func range(isLong: Bool) -> (first: UInt64, count: Int)? {
        let low =
            UInt64(lowAddress & 0xFF) | UInt64(middleAddress & 0xFF) << 8 | UInt64(highAddress & 0xFF) << 16
        if isLong {
            let high =
                UInt64(lowAddress >> 8) | UInt64(middleAddress >> 8) << 8 | UInt64(highAddress >> 8) << 16
            return (low | high << 24, sectorCount == 0 ? 65_536 : Int(sectorCount))
        }
        let count = sectorCount & 0xFF == 0 ? 256 : Int(sectorCount & 0xFF)
        let head = UInt64(device & 15)
        if device & 0x40 != 0 { return (low | head << 24, count) }
        let (sector, cylinder) = (low & 0xFF, low >> 8)
        guard sector > 0, sector <= Self.sectorsPerTrack else { return nil }
        return ((cylinder * Self.heads + head) * Self.sectorsPerTrack + sector - 1, count)
    }

    private mutating func prepare(isLong: Bool, block: Int) -> Bool {
        guard block > 0 else {
            fail(Failure.aborted)
            return false
        }
        guard let range = range(isLong: isLong) else {
            fail(Failure.notFound)
            return false
        }
        (next, left, self.block) = (range.first, range.count, block)
        return true
    }

    private mutating func beginRead(isLong: Bool, block: Int) -> Bool {
        isWriting = false
        guard prepare(isLong: isLong, block: block) else { return true }
        return fetch()
    }

    /// The first block is asked for without an interrupt.
    private mutating func beginWrite(isLong: Bool, block: Int) -> Bool {
        guard prepare(isLong: isLong, block: block) else { return true }
        guard !disk.isReadOnly else {
            fail(Failure.aborted)
            return true
        }
        isWriting = true
        expectBlock()
        return false
    }

    /// The bus master does the rest.
    private mutating func beginTransfer(isLong: Bool, write: Bool) -> Bool {
        isWriting = write
        guard prepare(isLong: isLong, block: 1) else { return true }
        guard !write || !disk.isReadOnly else {
            fail(Failure.aborted)
            return true
        }
        awaitsBusMaster = true
        status = Status.ready | Status.seekComplete | Status.wantsData
        return false
    }

    private mutating func verify(isLong: Bool) {
        guard prepare(isLong: isLong, block: 1) else { return }
        let sectors = disk.capacity / DiskImage.sectorSize
        let isInside = next <= sectors && UInt64(left) <= sectors - next
        finish()
        if !isInside { fail(Failure.notFound) }
    }

    private mutating func setMultiple() {
        let count = Int(sectorCount & 0xFF)
        guard count > 0, count <= 128, count & (count - 1) == 0 else { return fail(Failure.aborted) }
        multiple = count
    }

    private mutating func flush() {
        do throws(DiskError) {
            try disk.flush()
        } catch {
            reportError(error)
            fail(Failure.uncorrectable)
        }
    }

    private mutating func identify() {
        buffer = Self.identity(sectors: disk.capacity / DiskImage.sectorSize, multiple: multiple)
        (position, left, isWriting) = (0, 0, false)
        status |= Status.wantsData
    }

    /// The answer to IDENTIFY DEVICE (ATA/ATAPI-6, section 8.15), 256 words.
    private static func identity(sectors: UInt64, multiple: Int) -> [UInt8] {
        var words = [UInt16](repeating: 0, count: 256)
        let cylinders = min(sectors / (heads * sectorsPerTrack), 16_383)
        words[0] = 0x40
        (words[1], words[3], words[6]) = (UInt16(cylinders), UInt16(heads), UInt16(sectorsPerTrack))
        text("vivarium", 10, &words, at: 10)
        text("1", 4, &words, at: 23)
        text("Vivarium hard disk", 20, &words, at: 27)
        words[47] = 0x8000 | 128
        words[49] = 3 << 8  // LBA, bus master
        words[53] = 7
        (words[54], words[55], words[56]) = (words[1], words[3], words[6])
        let addressable = cylinders * heads * sectorsPerTrack
        (words[57], words[58]) = (UInt16(addressable & 0xFFFF), UInt16(addressable >> 16))
        words[59] = multiple > 0 ? 0x100 | UInt16(multiple) : 0
        let short = min(sectors, 0x0FFF_FFFF)
        (words[60], words[61]) = (UInt16(short & 0xFFFF), UInt16(short >> 16))
        // Multiword modes 0 to 2, and the times of one cycle; ultra modes, of which 5 is on.
        words[63] = 7
        (words[65], words[66], words[67], words[68]) = (120, 120, 120, 120)
        words[80] = 0x7E
        words[88] = 0x203F
        // Flush, and 48-bit addresses; supported and enabled.
        (words[83], words[86], words[84], words[87]) = (0x7400, 0x3400, 0x4000, 0x4000)
        for index in 0..<4 { words[100 + index] = UInt16(sectors >> UInt64(16 * index) & 0xFFFF) }
        return words.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    /// Two characters a word, the first one above.
    static func text(_ text: String, _ count: Int, _ words: inout [UInt16], at place: Int) {
        let padded = Array(text.utf8) + [UInt8](repeating: 0x20, count: max(0, 2 * count - text.utf8.count))
        for index in 0..<count {
            words[place + index] = UInt16(padded[2 * index]) << 8 | UInt16(padded[2 * index + 1])
        }
    }
}
