import CLinux
import Containers
import Glibc
import Testing

@testable import Engine

/// The engine's end of a connection to a monitor.
struct MonitorConnectionTests {
    /// A monitor that ends while a request waits for it: the kernel resets the connection, and has all that it said.
    @Test func nothingIsLostOfAMonitorThatEndsWithoutReading() async throws {
        let path = "/tmp/viv-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"
        let listener = viv_packet_socket()
        defer {
            close(listener)
            unlink(path)
        }
        try #require(viv_bind_unix(listener, path) == 0)
        try #require(listen(listener, 4) == 0)
        let watcher = try LoopThread()
        defer { watcher.stop() }
        let connection = try MonitorConnection(path: path, loop: watcher.loop)
        let monitor = viv_accept(listener)
        #expect(await connection.send(.input([1, 2, 3])))
        // More than the connection takes in before somebody asks.
        let record = ExitRecord(exitCode: 3, finished: 1)
        let said = (0..<40).map { MonitorEvent.output([UInt8($0)]) } + [.exited(record)]
        for event in said {
            let bytes = event.bytes
            #expect(send(monitor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        }
        close(monitor)
        var heard: [MonitorEvent] = []
        while let event = await connection.next() { heard.append(event) }
        #expect(heard == said)
    }
}
