import Glibc
import Host
import Testing

@Suite struct EventLoopTests {
    private final class Log: @unchecked Sendable {
        // SAFETY: used on one loop's thread, read after its `run` has returned.
        var entries: [String] = []
    }

    @Test func `timers fire in the order of their deadlines and cancelled ones never`() throws {
        let loop = try EventLoop()
        let log = Log()
        let start = EventLoop.now()
        loop.schedule(at: start + 3_000_000) {
            log.entries.append("third"); loop.stop()
        }
        loop.schedule(at: start + 1_000_000) { log.entries.append("first") }
        let dropped = loop.schedule(at: start + 1_500_000) { log.entries.append("dropped") }
        loop.schedule(at: start + 2_000_000) { log.entries.append("second") }
        loop.cancel(dropped)
        loop.run()
        #expect(log.entries == ["first", "second", "third"])
        #expect(EventLoop.now() >= start + 3_000_000)
    }

    @Test func `a readable descriptor calls its handler until it is removed`() throws {
        let loop = try EventLoop()
        var pair = try SocketPair(.stream)
        let near = pair.takeNear()
        let far = pair.takeFar()
        let raw = near.raw
        let log = Log()
        try loop.add(raw, .read) { readiness in
            #expect(readiness.canRead && !readiness.hungUp)
            let bytes = (try? Descriptors.read(raw, limit: 1)) ?? []
            log.entries.append(String(decoding: bytes, as: UTF8.self))
            guard log.entries.count == 2 else { return }
            loop.remove(raw)
            loop.stop()
        }
        try Descriptors.writeAll(far.raw, Array("abc".utf8))
        loop.run()
        #expect(log.entries == ["a", "b"])
    }

    @Test func `a handler removed by another one of the same turn is not called`() throws {
        let loop = try EventLoop()
        var pairs = [Int32]()
        for _ in 0..<2 {
            var pair = try SocketPair(.stream)
            pairs += [pair.takeNear().release(), pair.takeFar().release()]
        }
        defer { for fd in pairs { close(fd) } }
        let log = Log()
        for (mine, other) in [(pairs[0], pairs[2]), (pairs[2], pairs[0])] {
            try loop.add(mine, .read) { _ in
                log.entries.append("called")
                loop.remove(mine)
                loop.remove(other)
                loop.schedule(after: 0) { loop.stop() }
            }
        }
        for fd in [pairs[1], pairs[3]] { try Descriptors.writeAll(fd, [1]) }
        loop.run()
        #expect(log.entries == ["called"])
    }

    @Test func `the end of a stream is readable and told as a hang-up`() throws {
        let loop = try EventLoop()
        var pair = try SocketPair(.messages)
        let near = pair.takeNear()
        let raw = near.raw
        close(pair.takeFar().release())
        let log = Log()
        try loop.add(raw, []) { readiness in
            log.entries.append("\(readiness.hungUp)")
            loop.remove(raw)
            loop.stop()
        }
        loop.run()
        #expect(log.entries == ["true"])
    }

    @Test func `interest can change from writing to reading`() throws {
        let loop = try EventLoop()
        var pair = try SocketPair(.stream)
        let near = pair.takeNear()
        let far = pair.takeFar()
        let (mine, theirs) = (near.raw, far.raw)
        let log = Log()
        try loop.add(mine, .write) { readiness in
            guard readiness.canRead else {
                log.entries.append("write")
                loop.modify(mine, .read)
                try? Descriptors.writeAll(theirs, [1])
                return
            }
            log.entries.append("read")
            loop.stop()
        }
        loop.run()
        #expect(log.entries == ["write", "read"])
    }

    @Test func `work posted by many threads runs once each on the loop`() throws {
        let loop = try EventLoop()
        let log = Log()
        var threads: [Host.Thread] = []
        for name in 0..<8 {
            threads.append(
                try Host.Thread(name: "poster \(name)") {
                    for _ in 0..<100 {
                        loop.post {
                            loop.assertOnLoop()
                            log.entries.append("")
                            if log.entries.count == 800 { loop.stop() }
                        }
                    }
                })
        }
        loop.run()
        for thread in threads { thread.join() }
        #expect(log.entries.count == 800)
    }

    @Test func `a stop before the run is kept, and the loop runs again after it`() throws {
        let loop = try EventLoop()
        loop.stop()
        loop.run()
        let log = Log()
        loop.schedule(after: 0) {
            log.entries.append("ran"); loop.stop()
        }
        loop.run()
        #expect(log.entries == ["ran"])
    }

    @Test func `signals arrive as events`() throws {
        let signals = try Signals([SIGUSR2])
        pthread_kill(pthread_self(), SIGUSR2)
        #expect(signals.next() == SIGUSR2)
    }
}
