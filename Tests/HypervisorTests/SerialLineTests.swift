import Glibc
import Host
import Hypervisor
import Synchronization
import Testing

/// The wire between the guest's serial port and the parent.
struct SerialLineTests {
    @Test func everythingSentArrivesInOrderThoughTheReaderIsSlow() throws {
        var pair = try SocketPair(.stream)
        let (reader, writer) = (pair.takeNear().release(), pair.takeFar().release())
        let loop = try EventLoop()
        let line = SerialLine(writer, loop: loop) {}
        try line.connect { $0.count }
        let sent = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        let guest = try Thread(name: "guest") {
            for start in stride(from: 0, to: sent.count, by: 100) {
                sent[start..<start + 100].withUnsafeBytes { line.transmit($0) }
            }
        }
        let received = Mutex<[UInt8]>([])
        let host = try Thread(name: "host") {
            while received.withLock({ $0.count }) < sent.count {
                guard let bytes = try? Descriptors.read(reader, limit: 1000) else { break }
                received.withLock { $0 += bytes }
            }
            loop.stop()
        }
        loop.run()
        guest.join()
        host.join()
        #expect(received.withLock { $0 } == sent)
    }

    @Test func theFirstByteIsAnnouncedOnce() throws {
        let loop = try EventLoop()
        let count = Mutex(0)
        let line = SerialLine(nil, loop: loop) { count.withLock { $0 += 1 } }
        try line.connect { $0.count }
        for _ in 0..<3 { withUnsafeBytes(of: UInt8(65)) { line.transmit($0) } }
        loop.schedule(after: 20_000_000) { loop.stop() }
        loop.run()
        #expect(count.withLock { $0 } == 1)
    }

    @Test func inputWaitsUntilThePortHasRoom() throws {
        var pair = try SocketPair(.stream)
        let (parent, ours) = (pair.takeNear().release(), pair.takeFar().release())
        let loop = try EventLoop()
        let line = SerialLine(ours, loop: loop) {}
        var room = 3
        var taken: [UInt8] = []
        try line.connect { bytes in
            let count = min(room, bytes.count)
            taken += bytes.prefix(count)
            room -= count
            if taken.count == 8 { loop.stop() }
            return count
        }
        try Descriptors.writeAll(parent, Array("abcdefgh".utf8))
        loop.schedule(after: 20_000_000) {
            #expect(taken == Array("abc".utf8))
            room = 100
            line.wantsInput()
        }
        loop.schedule(after: 5_000_000_000) { loop.stop() }
        loop.run()
        #expect(taken == Array("abcdefgh".utf8))
    }

    @Test func outputGoesOnAfterTheInputHasEnded() throws {
        var pair = try SocketPair(.stream)
        let (parent, ours) = (pair.takeNear().release(), pair.takeFar().release())
        let loop = try EventLoop()
        let line = SerialLine(ours, loop: loop) {}
        try line.connect { $0.count }
        shutdown(parent, Int32(SHUT_WR))
        loop.schedule(after: 10_000_000) { withUnsafeBytes(of: UInt8(65)) { line.transmit($0) } }
        loop.schedule(after: 30_000_000) { loop.stop() }
        loop.run()
        #expect(try Descriptors.read(parent) == [65])
    }
}

/// The virtio console beside the serial port.
struct SecondConsoleTests {
    @Test func inputGoesWhereTheGuestSpeaks() throws {
        var pair = try SocketPair(.stream)
        let guest = pair.takeNear().release()
        let loop = try EventLoop()
        let console = try SecondConsole(stream: pair.takeFar(), loop: loop)
        var heard: [UInt8] = []
        try console.connect(transmit: { heard += $0 }, wantsInput: {})
        #expect(Array("a".utf8).withUnsafeBytes { console.offer($0) } == nil)
        try Descriptors.writeAll(guest, Array("hello".utf8))
        loop.schedule(after: 20_000_000) { loop.stop() }
        loop.run()
        #expect(heard == Array("hello".utf8))
        #expect(Array("bc".utf8).withUnsafeBytes { console.offer($0) } == 2)
        #expect(try Descriptors.read(guest) == Array("bc".utf8))
        console.reset()
        #expect(Array("d".utf8).withUnsafeBytes { console.offer($0) } == nil)
    }
}
