import Devices
import Machine
import TestSupport
import Testing

@Suite("IDE")
struct IDETests {
    @Test("Sectors are written and read, each with an interrupt")
    func transfer() {
        let channel = Channel()
        channel.command(0x30, first: 5, count: 2)
        #expect(channel.status == 0x58)
        for word in 0..<UInt64(512) {
            channel.channel.commandPorts.write(at: 0, width: .half, word)
            if word == 255 { #expect(channel.wire.level) }
        }
        #expect(channel.status == 0x50)
        #expect(!channel.wire.level)
        #expect(channel.disk.bytes[5 * 512 + 1022..<5 * 512 + 1024] == [0xFF, 0x01])
        channel.command(0x20, first: 6)
        #expect(channel.wire.level)
        #expect(channel.channel.commandPorts.read(at: 0, width: .word) == 0x0101_0100)
        for _ in 0..<127 { _ = channel.channel.commandPorts.read(at: 0, width: .word) }
        #expect(channel.status == 0x50)
    }

    @Test("What lies beyond the disk, or is no command, is an error")
    func errors() {
        let channel = Channel()
        channel.command(0x20, first: 2047, count: 2)
        for _ in 0..<256 { _ = channel.channel.commandPorts.read(at: 0, width: .half) }
        #expect(channel.status == 0x51)
        #expect(channel.channel.commandPorts.read(at: 1, width: .byte) == 0x10)
        channel.command(0xA1)
        #expect(channel.channel.commandPorts.read(at: 1, width: .byte) == 4)
    }

    @Test("A disk says what it is; of one that is not there comes nothing")
    func identity() {
        let channel = Channel()
        channel.command(0xEC)
        let words = (0..<256).map { _ in channel.channel.commandPorts.read(at: 0, width: .half) }
        #expect(words[60] == 2048)
        #expect(words[100] == 2048)
        #expect(words[49] & 0x300 == 0x300)
        channel.channel.commandPorts.write(at: 6, width: .byte, 0xF0)
        #expect(channel.status == 0)
        channel.channel.controlPort.write(at: 0, width: .byte, 4)
        #expect(channel.status == 0x50)
    }

    // MARK: Bus master

    @Test("The bus master moves sectors between the disk and pieces of memory", arguments: [true, false])
    func busMaster(startsLast: Bool) {
        let channel = Channel()
        let pattern = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 * 3 + $0 / 512) }
        channel.disk.bytes = pattern
        channel.table([(0x2000, 0x300), (0x8000, 0x100)])
        if startsLast { channel.command(0xC8, first: 3, count: 2) }
        channel.startBusMaster(input: true)
        if !startsLast { channel.command(0xC8, first: 3, count: 2) }
        #expect(channel.wire.level)
        #expect(channel.busMasterStatus == 4)
        #expect(channel.status == 0x50)
        #expect(channel.memory.load8(0x22FF) == pattern[3 * 512 + 0x2FF])
        #expect(channel.memory.load8(0x80FF) == pattern[3 * 512 + 0x3FF])
        channel.channel.busMasterPorts.write(at: 2, width: .byte, 4)
        #expect(channel.busMasterStatus == 0)
        channel.startBusMaster(input: false)
        _ = channel.memory.store32(0x2000, 0xDEAD_BEEF)
        channel.table([(0x2000, 0x200)])
        channel.channel.busMasterPorts.write(at: 0, width: .byte, 0)
        channel.command(0xCA, first: 9)
        channel.startBusMaster(input: false)
        #expect(channel.disk.bytes[9 * 512..<9 * 512 + 4] == [0xEF, 0xBE, 0xAD, 0xDE])
    }

    @Test("A table or memory that is no RAM, or too little of it, is an error")
    func busMasterErrors() {
        let channel = Channel()
        channel.command(0xC8, count: 2)
        channel.table([(0xFFFF_0000, 0x400)])
        channel.startBusMaster(input: true)
        #expect(channel.busMasterStatus == 2)
        channel.channel.busMasterPorts.write(at: 0, width: .byte, 0)
        channel.table([(0x2000, 0x200)])
        channel.startBusMaster(input: true)
        #expect(channel.busMasterStatus & 6 == 6)
        #expect(channel.status == 0x51)
    }

    // MARK: CD-ROM

    @Test("A CD-ROM drive is known by its signature and its identity")
    func packetDevice() {
        let channel = Channel(optical: true)
        #expect([2, 3, 4, 5].map(channel.read) == [1, 1, 0x14, 0xEB])
        channel.command(0xEC)
        #expect(channel.status & 1 == 1)
        #expect([4, 5].map(channel.read) == [0x14, 0xEB])
        channel.command(0xA1)
        let identity = channel.data()
        #expect(identity.count == 512)
        #expect(identity[0] == 0xC0 && identity[1] == 0x85)
        channel.packet([0x12, 0, 0, 0, 36])
        let inquiry = channel.data()
        #expect(inquiry.count == 36)
        #expect(inquiry[0] == 5)
    }

    @Test("Blocks of a disc come in pieces of the size that was asked for, each with an interrupt")
    func blocks() {
        let channel = Channel(optical: true)
        channel.packet([0x25])
        #expect(channel.data() == [0, 0, 0, 5, 0, 0, 8, 0])
        channel.packet([0x28, 0, 0, 0, 0, 1, 0, 0, 2], limit: 1000)
        var bytes: [UInt8] = []
        var counts: [UInt64] = []
        while channel.status & 8 != 0 {
            let count = channel.read(4) | channel.read(5) << 8
            counts.append(count)
            for _ in 0..<count / 2 {
                let word = channel.channel.commandPorts.read(at: 0, width: .half)
                bytes += [UInt8(word & 0xFF), UInt8(word >> 8)]
            }
            #expect(channel.wire.level)
        }
        #expect(counts == [1000, 1000, 1000, 1000, 96])
        #expect(bytes == Array(Channel.disc[2048..<3 * 2048]))
        #expect(channel.read(2) == 3)
    }

    @Test("Blocks come by the bus master, and what the last one lacks is zero")
    func blocksByBusMaster() {
        let channel = Channel(optical: true)
        channel.packet([0x28, 0, 0, 0, 0, 4, 0, 0, 2], byBusMaster: true)
        channel.table([(0x2000, 0x600), (0x4000, 0xA00)])
        _ = channel.memory.store8(0x4200 + 0x200, 0xFF)
        channel.startBusMaster(input: true)
        #expect(channel.busMasterStatus == 4)
        #expect(channel.memory.load8(0x2123) == Channel.disc[4 * 2048 + 0x123])
        #expect(channel.memory.load8(0x4000 + 0x200 + 511) == Channel.disc[5 * 2048 + 511])
        #expect(channel.memory.load8(0x4400) == 0)
    }

    @Test("Blocks that are not there are an error, which the drive explains")
    func sense() {
        let channel = Channel(optical: true)
        channel.packet([0x28, 0, 0, 0, 0, 5, 0, 0, 2])
        #expect(channel.status & 1 == 1)
        #expect(channel.read(1) == 0x50)
        channel.packet([0x03, 0, 0, 0, 18])
        let sense = channel.data()
        #expect(sense[2] == 5 && sense[12] == 0x21)
        channel.packet([0xFF])
        #expect(channel.status & 1 == 1)
    }

    // MARK: Hostile guests

    @Test("Drivers that do everything wrong crash no drive")
    func hostile() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let commands: [UInt64] = [
            0x20, 0x24, 0xC4, 0xC5, 0xC8, 0xCA, 0x25, 0x35, 0x30, 0xEC, 0xA0, 0xA1, 0xC6,
        ]
        for optical in [false, true] {
            let channel = Channel(optical: optical)
            for _ in 0..<30_000 {
                switch random.next() % 8 {
                case 0: channel.write(7, commands[Int(random.next() % UInt64(commands.count))])
                case 1: channel.write(random.next() % 8, random.next() & 0xFF)
                case 2:
                    channel.packet(
                        (0..<12).map {
                            $0 == 0
                                ? [0x28, 0xA8, 0x43, 0x5A, 0x03][Int(random.next() % 5)]
                                : UInt8(random.next() % 4)
                        }, limit: random.next() & 0xFFFF,
                        byBusMaster: random.next() % 2 == 0)
                case 3: for _ in 0..<600 { _ = channel.channel.commandPorts.read(at: 0, width: .word) }
                case 4:
                    channel.channel.busMasterPorts.write(at: random.next() % 8, width: .word, random.next())
                case 5:
                    channel.table([(random.next() % (2 << 20), random.next() & 0xFFFF), (0x9000, 0x800)])
                    channel.startBusMaster(input: random.next() % 2 == 0)
                case 6: channel.channel.controlPort.write(at: 0, width: .byte, random.next() & 0xFF)
                default: channel.channel.commandPorts.write(at: 0, width: .word, random.next())
                }
            }
        }
    }
}
