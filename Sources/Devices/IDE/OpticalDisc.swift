import Disks
import Glibc

/// What a CD-ROM drive does by packets (MMC-3): a disc of one data track that is always there.
struct OpticalDisc {
    /// Why a command failed (SPC-2, section 7.20).
    struct Sense: Equatable {
        let key: UInt8
        let code: UInt8

        static let none = Sense(key: 0, code: 0)
        static let unreadable = Sense(key: 3, code: 0x11)
        static let unknownCommand = Sense(key: 5, code: 0x20)
        static let outOfRange = Sense(key: 5, code: 0x21)
        static let badField = Sense(key: 5, code: 0x24)
    }

    enum Source {
        case bytes([UInt8])
        /// So many bytes of the disc from an offset on.
        case disc(offset: UInt64, count: Int)

        var count: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .disc(_, let count): count
            }
        }
    }

    enum Answer {
        case done
        case data(Source)
        case failed(Sense)
    }

    static let blockSize: UInt64 = 2048
    /// Of one command.
    private static let mostBlocks = 1 << 14

    private let disk: any Disk
    private let reportError: @Sendable (DiskError) -> Void

    init(_ disk: any Disk, reportError: @escaping @Sendable (DiskError) -> Void) {
        self.disk = disk
        self.reportError = reportError
    }

    private var blocks: UInt32 { UInt32(clamping: (disk.capacity + Self.blockSize - 1) / Self.blockSize) }

    /// - Parameter packet: twelve bytes.
    func answer(_ packet: [UInt8], sense: Sense) -> Answer {
        func big(_ place: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 << 8 | Int(packet[place + $1]) }
        }
        func reply(_ bytes: [UInt8], room: Int) -> Answer { .data(.bytes(Array(bytes.prefix(room)))) }
        switch packet[0] {
        // Ready, start and stop, lock, seek, speed: all well.
        case 0x00, 0x1B, 0x1E, 0x2B, 0xBB: return .done
        case 0x03: return reply(Self.describe(sense), room: big(4, 1))
        case 0x12: return reply(Self.inquiry, room: big(4, 1))
        case 0x25: return reply(Self.big(blocks &- 1, 4) + Self.big(UInt32(Self.blockSize), 4), room: 8)
        case 0x28: return read(from: big(2, 4), count: big(7, 2))
        case 0xA8: return read(from: big(2, 4), count: big(6, 4))
        case 0x43: return contents(packet, room: big(7, 2))
        case 0x46: return reply(Self.configuration, room: big(7, 2))
        case 0x4A: return reply([0, 6, 4, 0x10, 0, 2, 0, 0], room: big(7, 2))
        case 0x51: return reply(Self.discInformation, room: big(7, 2))
        case 0x1A: return modePages(packet[2] & 0x3F, isLong: false, room: big(4, 1))
        case 0x5A: return modePages(packet[2] & 0x3F, isLong: true, room: big(7, 2))
        default: return .failed(.unknownCommand)
        }
    }

    private func read(from block: Int, count: Int) -> Answer {
        guard block + count <= Int(blocks), count <= Self.mostBlocks else { return .failed(.outOfRange) }
        return .data(
            .disc(offset: UInt64(block) * Self.blockSize, count: count * Int(Self.blockSize)))
    }

    // MARK: Data

    /// Bytes of what a command gives; `nil` when the host cannot read them.
    func read(_ source: Source, from first: Int, count: Int) -> [UInt8]? {
        switch source {
        case .bytes(let bytes): return Array(bytes[first..<first + count])
        case .disc(let offset, _):
            var buffer = [UInt8](repeating: 0, count: count)
            let isRead = buffer.withUnsafeMutableBytes { bytes in
                var piece = iovec(iov_base: bytes.baseAddress, iov_len: count)
                return withUnsafeMutablePointer(to: &piece) {
                    fill(IOVectors(base: $0, count: 1), at: offset + UInt64(first))
                }
            }
            return isRead ? buffer : nil
        }
    }

    /// Moves all that a command gives, or what fits, to memory; how many bytes.
    func move(_ source: Source, to memory: ScatterList) -> Int? {
        switch source {
        case .bytes(let bytes): return memory.fill(from: bytes)
        case .disc(let offset, let count):
            let count = min(count, memory.byteCount)
            guard memory.withVectors(count, { fill($0, at: offset) }) else { return nil }
            memory.didWrite(count)
            return count
        }
    }

    /// The last block of an image may be shorter than a block: what it lacks is zero.
    private func fill(_ vectors: IOVectors, at offset: UInt64) -> Bool {
        do throws(DiskError) {
            let inside = Int(clamping: disk.capacity - min(offset, disk.capacity))
            guard inside < vectors.byteCount else {
                try disk.read(at: offset, into: vectors)
                return true
            }
            for index in 0..<vectors.byteCount { vectors.byte(at: index)?.pointee = 0 }
            for index in 0..<vectors.count {
                let before = (0..<index).reduce(0) { $0 + vectors[$1].iov_len }
                guard before < inside else { break }
                var piece = vectors[index]
                piece.iov_len = min(piece.iov_len, inside - before)
                try withUnsafeMutablePointer(to: &piece) { (piece) throws(DiskError) in
                    try disk.read(at: offset + UInt64(before), into: IOVectors(base: piece, count: 1))
                }
            }
            return true
        } catch {
            reportError(error)
            return false
        }
    }

    // MARK: Descriptions

    private static func big(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    private static func describe(_ sense: Sense) -> [UInt8] {
        [0x70, 0, sense.key, 0, 0, 0, 0, 10, 0, 0, 0, 0, sense.code, 0, 0, 0, 0, 0]
    }

    /// A removable CD-ROM.
    private static let inquiry: [UInt8] =
        [0x05, 0x80, 0x00, 0x21, 31, 0, 0, 0] + Array("VIVARIUM".utf8) + Array("CD-ROM          ".utf8)
        + Array("1   ".utf8)

    /// READ TOC: one data track from 0, and where the lead-out is.
    private func contents(_ packet: [UInt8], room: Int) -> Answer {
        let inMinutes = packet[1] & 2 != 0
        func place(_ block: UInt32) -> [UInt8] {
            guard inMinutes else { return Self.big(block, 4) }
            let frames = block &+ 150
            return [
                0, UInt8(clamping: frames / 4500), UInt8(frames / 75 % 60), UInt8(frames % 75),
            ]
        }
        let format = packet[2] & 15 != 0 ? packet[2] & 15 : packet[9] >> 6
        var bytes: [UInt8]
        switch format {
        case 0:
            guard packet[6] <= 1 || packet[6] == 0xAA else { return .failed(.badField) }
            bytes = [1, 1]
            if packet[6] <= 1 { bytes += [0, 0x14, 1, 0] + place(0) }
            bytes += [0, 0x16, 0xAA, 0] + place(blocks)
        case 1: bytes = [1, 1, 0, 0x14, 1, 0] + place(0)
        default: return .failed(.badField)
        }
        return .data(.bytes(Array((Self.big(UInt32(bytes.count), 2) + bytes).prefix(room))))
    }

    /// GET CONFIGURATION: the profile CD-ROM, current, and the features that it asks for.
    private static let configuration: [UInt8] =
        [0, 0, 0, 32, 0, 0, 0, 8] + [0, 0, 3, 4, 0, 8, 1, 0] + [0, 1, 3, 8, 0, 0, 0, 2, 0, 0, 0, 0]
        + [0, 0x1E, 1, 4, 0, 0, 0, 0]

    /// One complete session.
    private static let discInformation: [UInt8] =
        [0, 32, 0x0E, 1, 1, 1, 1, 0x20] + [UInt8](repeating: 0, count: 26)

    private func modePages(_ page: UInt8, isLong: Bool, room: Int) -> Answer {
        let pages: [UInt8: [UInt8]] = [
            0x01: [0x01, 6, 0, 5, 0, 0, 0, 0],
            0x2A: [0x2A, 0x12, 0, 0, 0x71, 0x60, 0x29, 0, 0x02, 0xC2, 0, 2, 2, 0, 0x02, 0xC2, 0, 0, 0, 0],
        ]
        var body: [UInt8] = []
        if page == 0x3F {
            body = [0x01, 0x2A].flatMap { pages[$0] ?? [] }
        } else if let one = pages[page] {
            body = one
        } else {
            return .failed(.badField)
        }
        let header: [UInt8] =
            isLong
            ? Self.big(UInt32(body.count + 6), 2) + [1, 0, 0, 0, 0, 0] : [UInt8(body.count + 3), 1, 0, 0]
        return .data(.bytes(Array((header + body).prefix(room))))
    }

    /// The answer to IDENTIFY PACKET DEVICE (ATA/ATAPI-6, section 8.16).
    static let identity: [UInt8] = {
        var words = [UInt16](repeating: 0, count: 256)
        // Packets of 12 bytes, data at once, removable, CD-ROM.
        words[0] = 0x85C0
        ATADrive.text("vivarium-cd", 10, &words, at: 10)
        ATADrive.text("1", 4, &words, at: 23)
        ATADrive.text("Vivarium CD-ROM", 20, &words, at: 27)
        // Bus master, LBA.
        words[49] = 3 << 8
        words[53] = 6
        (words[63], words[64]) = (0x0407, 3)
        (words[65], words[66], words[67], words[68]) = (120, 120, 120, 120)
        words[80] = 0x7E
        words[88] = 0x203F
        return words.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }()
}
