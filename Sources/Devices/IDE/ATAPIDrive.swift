import Disks
import Glibc

/// An ATAPI CD-ROM drive with a disc in it (ATA/ATAPI-6, section 9.9; MMC-3): commands of twelve bytes come through
/// the data register, and what they read goes through it or by the bus master.
struct ATAPIDrive: IDEDrive {
    /// Bits of the sector count register, which is the interrupt's reason.
    private enum Reason {
        static let command: UInt8 = 1
        static let input: UInt8 = 2
    }

    private enum Phase: Equatable {
        case idle
        case packet
        case input
        case busMaster
    }

    private static let packetSize = 12

    private let disc: OpticalDisc
    private(set) var failure: UInt8 = 1
    private(set) var device: UInt8 = 0
    private(set) var status: UInt8 = 0
    private var features: UInt8 = 0
    private var reason: UInt8 = 1
    private var lowAddress: UInt8 = 1
    private var byteCount: UInt16 = 0xEB14
    private var phase = Phase.idle
    private var usesBusMaster = false
    private var packet: [UInt8] = []
    /// What a command has yet to give, and the part of it that lies ready.
    private var source = OpticalDisc.Source.bytes([])
    private var left = 0
    private var chunk: [UInt8] = []
    private var position = 0
    private var sense = OpticalDisc.Sense.none

    init(_ disk: any Disk, reportError: @escaping @Sendable (DiskError) -> Void) {
        disc = OpticalDisc(disk, reportError: reportError)
    }

    var awaitsBusMaster: Bool { phase == .busMaster }

    /// The signature of a packet device; it is not ready before its first command.
    mutating func reset() {
        (failure, reason, lowAddress, byteCount, device, status) = (1, 1, 1, 0xEB14, 0, 0)
        (phase, packet, chunk, left) = (.idle, [], [], 0)
        sense = .none
    }

    func read(_ register: Int, high: Bool) -> UInt8 {
        switch register {
        case 2: reason
        case 3: lowAddress
        case 4: UInt8(byteCount & 0xFF)
        case 5: UInt8(byteCount >> 8)
        default: device
        }
    }

    mutating func write(_ register: Int, _ value: UInt8) {
        switch register {
        case 1: features = value
        case 2: reason = value
        case 3: lowAddress = value
        case 4: byteCount = byteCount & 0xFF00 | UInt16(value)
        case 5: byteCount = byteCount & 0xFF | UInt16(value) << 8
        case 6: device = value
        default: break
        }
    }

    mutating func perform(_ command: UInt8) -> Bool {
        failure = 0
        status = IDEStatus.ready | IDEStatus.seekComplete
        phase = .idle
        switch command {
        case 0xA0:
            (phase, packet, usesBusMaster) = (.packet, [], features & 1 != 0)
            reason = Reason.command
            status = IDEStatus.ready | IDEStatus.wantsData
            return false
        case 0xA1:
            begin(.bytes(OpticalDisc.identity), limit: 512, keepsReason: true)
        case 0x08:
            reset()
            return false
        case 0x90: reset()
        case 0xEC, 0x20, 0x21:
            // By its signature those who look for a disk know better.
            reset()
            abort()
        // Features, and the power modes, are taken and mean nothing here.
        case 0xEF, 0xE0...0xE3, 0xE6: break
        case 0xE5: reason = 0xFF
        default: abort()
        }
        return true
    }

    private mutating func abort() {
        (failure, status) = (4, IDEStatus.ready | IDEStatus.seekComplete | IDEStatus.error)
    }

    // MARK: Data

    mutating func writeData(_ value: UInt16) -> Bool {
        guard phase == .packet else { return false }
        packet += [UInt8(value & 0xFF), UInt8(value >> 8)]
        guard packet.count >= Self.packetSize else { return false }
        execute()
        return phase != .busMaster
    }

    mutating func readData() -> (value: UInt16, interrupts: Bool) {
        guard phase == .input, position < chunk.count else { return (0, false) }
        let high = position + 1 < chunk.count ? UInt16(chunk[position + 1]) << 8 : 0
        let value = UInt16(chunk[position]) | high
        position += 2
        guard position >= chunk.count else { return (value, false) }
        if left > 0 { offerChunk() } else { finish(.none) }
        return (value, true)
    }

    private mutating func execute() {
        let answer = disc.answer(packet, sense: sense)
        phase = .idle
        switch answer {
        case .done: finish(.none)
        case .failed(let sense): finish(sense)
        case .data(let source):
            if source.count == 0 { return finish(.none) }
            let wanted = Int(byteCount)
            begin(source, limit: wanted == 0 || wanted == 0xFFFF ? 0xFFFE : wanted & ~1, keepsReason: false)
        }
    }

    private mutating func begin(_ source: OpticalDisc.Source, limit: Int, keepsReason: Bool) {
        (self.source, left, position) = (source, source.count, 0)
        if !keepsReason, usesBusMaster {
            phase = .busMaster
            status = IDEStatus.ready | IDEStatus.wantsData
            return
        }
        phase = .input
        byteCount = UInt16(min(max(limit, 2), 0xFFFE))
        chunkLimit = Int(byteCount)
        offerChunk()
        if keepsReason { reason = 1 }
    }

    private var chunkLimit = 0xFFFE

    /// Reads what the next interrupt stands for.
    private mutating func offerChunk() {
        let count = min(left, chunkLimit)
        guard let bytes = disc.read(source, from: source.count - left, count: count) else {
            return finish(.unreadable)
        }
        (chunk, position, left) = (bytes, 0, left - count)
        byteCount = UInt16(count)
        reason = Reason.input
        status = IDEStatus.ready | IDEStatus.seekComplete | IDEStatus.wantsData
    }

    mutating func move(_ transfer: BusMasterTransfer) -> Int? {
        guard transfer.isInput, let count = disc.move(source, to: transfer.memory) else {
            finish(.unreadable)
            return nil
        }
        finish(.none)
        return count
    }

    private mutating func finish(_ sense: OpticalDisc.Sense) {
        (phase, chunk, position, left) = (.idle, [], 0, 0)
        self.sense = sense
        reason = Reason.command | Reason.input
        status = IDEStatus.ready | IDEStatus.seekComplete
        guard sense != .none else { return }
        failure = sense.key << 4
        status |= IDEStatus.error
    }
}
