import Testing

@testable import Containers

struct MonitorPacketTests {
    @Test(arguments: [
        MonitorRequest.start, .attach([.output, .input]), .input([1, 2, 3]), .closeInput,
        .resize(rows: 24, columns: 300),
        .kill(signal: 9),
    ])
    func requestsSurviveTheWire(request: MonitorRequest) {
        #expect(MonitorRequest(request.bytes) == request)
    }

    @Test(arguments: [
        MonitorEvent.output([0, 255]), .errors([]), .started, .startFailed("no é"), .notExecutable("nor é"),
        .exited(ExitRecord(exitCode: 137, signal: 9, oomKilled: true, finished: 1_700_000_000.25)),
    ])
    func eventsSurviveTheWire(event: MonitorEvent) {
        #expect(MonitorEvent(event.bytes) == event)
    }

    @Test func otherPacketsAreNone() {
        for packet: [UInt8] in [[], [0x53, 1], [0x41], [0x52, 1, 2], [0x4B], [0x7A]] {
            #expect(MonitorRequest(packet) == nil)
        }
        for packet: [UInt8] in [[], [0x73, 1], [0x58], [0x58, 0x7B], [0x7A]] {
            #expect(MonitorEvent(packet) == nil)
        }
    }
}
