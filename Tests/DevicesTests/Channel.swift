import Devices
import Disks
import Machine
import TestSupport

/// An IDE channel with one drive, and what a driver does with it.
struct Channel {
    static let disc = [UInt8]((0..<5 * 2048 + 512).map { UInt8(truncatingIfNeeded: $0 / 7) })

    let disk: MemoryDisk
    let memory: GuestMemory
    let wire = RecordingInterrupt()
    let channel: IDEChannel

    init(isReadOnly: Bool = false, optical: Bool = false) {
        guard let memory = GuestMemory(base: 0, size: 1 << 20) else { fatalError("no memory for a test") }
        self.memory = memory
        disk = MemoryDisk(size: optical ? Self.disc.count : 1 << 20)
        if optical { disk.bytes = Self.disc }
        channel = IDEChannel(
            interrupt: wire.line, memory: memory, drives: [optical ? .optical(disk) : .disk(disk)],
            reportError: { _ in })
    }

    func write(_ register: UInt64, _ value: UInt64) {
        channel.commandPorts.write(at: register, width: .byte, value)
    }

    func read(_ register: UInt64) -> UInt64 { channel.commandPorts.read(at: register, width: .byte) }

    func command(_ command: UInt64, first: UInt64 = 0, count: UInt64 = 1) {
        for (register, value) in [
            (6, 0xE0 | first >> 24), (2, count), (3, first & 0xFF), (4, first >> 8 & 0xFF),
            (5, first >> 16 & 0xFF), (7, command),
        ] { write(UInt64(register), value) }
    }

    var status: UInt64 { read(7) }

    /// Sends twelve bytes to an ATAPI drive.
    func packet(_ bytes: [UInt8], limit: UInt64 = 0xFFFE, byBusMaster: Bool = false) {
        for (register, value) in [(1, byBusMaster ? 1 : 0), (4, limit & 0xFF), (5, limit >> 8), (7, 0xA0)] {
            write(UInt64(register), value)
        }
        let padded = bytes + [UInt8](repeating: 0, count: 12 - bytes.count)
        for index in stride(from: 0, to: 12, by: 2) {
            let word = UInt64(padded[index]) | UInt64(padded[index + 1]) << 8
            channel.commandPorts.write(at: 0, width: .half, word)
        }
    }

    /// What lies ready in the data register.
    func data() -> [UInt8] {
        var bytes: [UInt8] = []
        while status & 8 != 0 {
            let word = channel.commandPorts.read(at: 0, width: .half)
            bytes += [UInt8(word & 0xFF), UInt8(word >> 8)]
        }
        return bytes
    }

    /// A table of pieces of memory at 0x1000.
    func table(_ pieces: [(address: UInt64, count: UInt64)]) {
        for (index, piece) in pieces.enumerated() {
            let end: UInt64 = index == pieces.count - 1 ? 1 << 63 : 0
            _ = memory.store64(0x1000 + 8 * UInt64(index), piece.address | piece.count << 32 | end)
        }
        channel.busMasterPorts.write(at: 4, width: .word, 0x1000)
    }

    func startBusMaster(input: Bool) {
        channel.busMasterPorts.write(at: 0, width: .byte, input ? 9 : 1)
    }

    var busMasterStatus: UInt64 { channel.busMasterPorts.read(at: 2, width: .byte) }
}
