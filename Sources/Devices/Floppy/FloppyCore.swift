/// The registers and commands of an 82078 as a value.
struct FloppyCore {
    private enum Control {
        static let running: UInt8 = 1 << 2
        static let interrupts: UInt8 = 1 << 3
    }

    /// Main status.
    private enum Main {
        static let busy: UInt8 = 1 << 4
        static let isOutput: UInt8 = 1 << 6
        static let ready: UInt8 = 1 << 7
    }

    /// Status register 0 and 1.
    private enum Status {
        static let abnormal: UInt8 = 0x40
        static let invalid: UInt8 = 0x80
        static let polled: UInt8 = 0xC0
        static let seekEnd: UInt8 = 0x20
        static let noDrive: UInt8 = 0x10
        static let endOfTrack: UInt8 = 0x80
        static let overrun: UInt8 = 0x10
        static let noData: UInt8 = 0x04
        static let writeProtected: UInt8 = 0x02
    }

    private static let channel = 2

    private let dma: DMAController
    private let drive: FloppyDrive?
    private var control: UInt8 = 0x0C
    private var command: [UInt8] = []
    private var results: [UInt8] = []
    /// What SENSE INTERRUPT STATUS is to tell, one after the other.
    private var senses: [UInt8] = []
    private var cylinder = 0
    private var isLocked = false
    private var configuration: [UInt8] = [0, 0, 0]
    private(set) var wasChanged = true
    private var interrupts = false

    init(_ dma: DMAController, _ drive: FloppyDrive?) {
        self.dma = dma
        self.drive = drive
    }

    var isInterrupting: Bool { interrupts && control & Control.interrupts != 0 }

    mutating func powerOn() { self = FloppyCore(dma, drive) }

    // MARK: Registers

    mutating func read(_ offset: UInt64) -> UInt8 {
        switch offset {
        case 2: return control
        case 4:
            guard control & Control.running != 0 else { return 0 }
            let phase = results.isEmpty ? (command.isEmpty ? 0 : Main.busy) : Main.busy | Main.isOutput
            return Main.ready | phase
        case 5:
            guard !results.isEmpty else { return 0 }
            interrupts = false
            return results.removeFirst()
        default: return 0
        }
    }

    mutating func write(_ offset: UInt64, _ value: UInt8) {
        switch offset {
        case 2: setControl(value)
        // The reset that ends by itself.
        case 4: if value & 0x80 != 0 { restart() }
        case 5: takeByte(value)
        default: break
        }
    }

    private mutating func setControl(_ value: UInt8) {
        let starts = value & Control.running != 0 && control & Control.running == 0
        control = value
        if value & Control.running == 0 { (command, results, senses, interrupts) = ([], [], [], false) }
        if starts { restart() }
    }

    /// Afterwards each of four drives has something to say, as if its readiness had changed.
    private mutating func restart() {
        (command, results) = ([], [])
        senses = (0..<4).map { Status.polled | $0 }
        interrupts = true
    }

    // MARK: Commands

    private mutating func takeByte(_ value: UInt8) {
        guard control & Control.running != 0, results.isEmpty else { return }
        command.append(value)
        guard command.count > Self.parameters(of: command[0]) else { return }
        let bytes = command
        command = []
        perform(bytes)
    }

    /// How many bytes follow a command's first one.
    private static func parameters(of command: UInt8) -> Int {
        switch command & 0x1F {
        case 0x02, 0x05, 0x06, 0x09, 0x0C, 0x16: 8
        case 0x0D: 5
        case 0x13: 3
        case 0x03, 0x0F: 2
        case 0x04, 0x07, 0x0A, 0x12: 1
        default: 0
        }
    }

    private mutating func perform(_ bytes: [UInt8]) {
        let head = bytes.count > 1 ? bytes[1] >> 2 & 1 : 0
        let unit = bytes.count > 1 ? bytes[1] & 3 : 0
        switch bytes[0] & 0x1F {
        case 0x03, 0x12: break
        case 0x04: results = [0x28 | head << 2 | unit | (cylinder == 0 ? 0x10 : 0) | protection]
        case 0x05, 0x09: transfer(bytes, .write)
        case 0x06, 0x0C, 0x02: transfer(bytes, .read)
        case 0x16: transfer(bytes, .verify)
        case 0x07: seek(0, unit, head)
        case 0x0F: seek(Int(bytes[2]), unit, head)
        case 0x08: senseInterrupt()
        case 0x0A: identify(unit, head)
        case 0x0D: format(bytes, unit, head)
        case 0x0E:
            results = [UInt8(cylinder), 0, 0, 0, 0, 0, 0, isLocked ? 0x80 : 0] + configuration.suffix(2)
        case 0x10: results = [0x90]
        case 0x13: configuration = Array(bytes[1...3])
        case 0x14:
            isLocked = bytes[0] & 0x80 != 0
            results = [isLocked ? 0x10 : 0]
        case 0x18: results = [0x41]
        default: results = [Status.invalid]
        }
    }

    private var protection: UInt8 { drive?.isReadOnly == true ? 0x40 : 0 }

    private mutating func seek(_ target: Int, _ unit: UInt8, _ head: UInt8) {
        let isThere = drive != nil && unit == 0
        if isThere { (cylinder, wasChanged) = (min(target, 255), false) }
        senses = [Status.seekEnd | head << 2 | unit | (isThere ? 0 : Status.abnormal | Status.noDrive)]
        interrupts = true
    }

    private mutating func senseInterrupt() {
        interrupts = false
        results =
            senses.isEmpty ? [Status.invalid] : [senses.removeFirst(), UInt8(truncatingIfNeeded: cylinder)]
    }

    /// The next sector's address, of which there is always one.
    private mutating func identify(_ unit: UInt8, _ head: UInt8) {
        let isThere = drive != nil && unit == 0
        let status = head << 2 | unit | (isThere ? 0 : Status.abnormal)
        results = [status, isThere ? 0 : 1, 0, UInt8(truncatingIfNeeded: cylinder), head, 1, 2]
        interrupts = true
    }

    // MARK: Data

    private enum Direction {
        case read, write, verify
    }

    /// Where a transfer is.
    private struct Position {
        var cylinder: Int
        var head: Int
        var sector: Int
    }

    /// From a sector to the track's end (or to the other side's, where both are asked for), or until DMA has enough.
    private mutating func transfer(_ bytes: [UInt8], _ direction: Direction) {
        let (unit, last, both) = (bytes[1] & 3, Int(bytes[6]), bytes[0] & 0x80 != 0)
        var place = Position(cylinder: Int(bytes[2]), head: Int(bytes[3]), sector: Int(bytes[4]))
        var error: UInt8 = 0
        if unit != 0 || bytes[5] != 2 || place.cylinder != cylinder { error = Status.noData }
        if direction == .write, protection != 0 { error = Status.writeProtected }
        // Two sides of 255 sectors at most.
        for _ in 0..<510 where error == 0 {
            let (failure, isLast) = move(place, direction)
            error = failure
            if error != 0 { break }
            let isTrackEnd = place.sector == last
            place.sector = isTrackEnd ? 1 : place.sector + 1
            if isTrackEnd {
                if both, place.head == 0 {
                    place.head = 1
                } else {
                    (place.cylinder, place.head) = (place.cylinder + 1, both ? 0 : place.head)
                }
            }
            if isLast { break }
            if isTrackEnd, !both || place.head == 0 { error = Status.endOfTrack }
        }
        finish(place, unit: unit, head: bytes[1] >> 2 & 1, error)
    }

    /// One sector. The error, and whether DMA wants no more.
    private func move(_ place: Position, _ direction: Direction) -> (error: UInt8, isLast: Bool) {
        guard let drive else { return (Status.noData, false) }
        guard direction == .write else {
            guard let bytes = drive.read(place.cylinder, place.head, place.sector) else {
                return (Status.noData, false)
            }
            if direction == .verify { return (0, false) }
            guard let isLast = dma.give(bytes, channel: Self.channel) else { return (Status.overrun, false) }
            return (0, isLast)
        }
        guard let (bytes, isLast) = dma.want(FloppyDrive.sectorSize, channel: Self.channel) else {
            return (Status.overrun, false)
        }
        return (drive.write(place.cylinder, place.head, place.sector, bytes) ? 0 : Status.noData, isLast)
    }

    private mutating func finish(_ place: Position, unit: UInt8, head: UInt8, _ error: UInt8) {
        results = [
            head << 2 | unit | (error == 0 ? 0 : Status.abnormal), error, 0,
            UInt8(truncatingIfNeeded: place.cylinder), UInt8(truncatingIfNeeded: place.head),
            UInt8(truncatingIfNeeded: place.sector), 2,
        ]
        interrupts = true
    }

    /// The address of each sector comes by DMA, four bytes; the sectors are filled.
    private mutating func format(_ bytes: [UInt8], _ unit: UInt8, _ head: UInt8) {
        var place = Position(cylinder: cylinder, head: Int(head), sector: 1)
        var error: UInt8 = unit != 0 ? Status.noData : protection != 0 ? Status.writeProtected : 0
        for _ in 0..<bytes[3] where error == 0 {
            guard let drive, let (address, _) = dma.want(4, channel: Self.channel), address.count == 4 else {
                error = Status.overrun
                break
            }
            place = Position(cylinder: Int(address[0]), head: Int(address[1]), sector: Int(address[2]))
            let filled = [UInt8](repeating: bytes[5], count: FloppyDrive.sectorSize)
            if !drive.write(place.cylinder, place.head, place.sector, filled) { error = Status.noData }
        }
        finish(place, unit: unit, head: head, error)
    }
}
