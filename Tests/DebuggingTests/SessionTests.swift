import Debugging
import Machine
import Testing

/// GDB's remote protocol, packet by packet.
struct SessionTests {
    private let stub: Stub
    init() throws { stub = try Stub() }

    @Test func theMachineStopsWhenADebuggerComes() {
        #expect(stub.takeCalls() == ["stop"])
        #expect(stub.ask("?") == "T02thread:1;")
    }

    @Test func registersAreReadAndWritten() {
        #expect(stub.ask("g") == "0100000000000000" + "02000000")
        #expect(stub.ask("p2") == "0010000000000000")
        #expect(stub.ask("p3") == "E01")
        #expect(stub.ask("P1=78563412") == "OK")
        #expect(stub.cpus[0].values[1] == 0x1234_5678)
        #expect(stub.ask("P1=7856341200000000") == "E01")
        #expect(stub.ask("P=00") == "E01")
        #expect(stub.ask("G0500000000000000") == "OK")
        #expect(stub.cpus[0].values[0] == 5)
    }

    @Test func registersAreThoseOfTheChosenThread() {
        stub.cpus[1].values[0] = 0xAB
        #expect(stub.ask("Hg2") == "OK")
        #expect(stub.ask("p0") == "ab00000000000000")
        #expect(stub.ask("Hg3") == "E01")
        #expect(stub.ask("T2") == "OK")
        #expect(stub.ask("T3") == "E01")
        #expect(stub.ask("qfThreadInfo") == "m1,2")
        #expect(stub.ask("qsThreadInfo") == "l")
        #expect(stub.ask("qC") == "QC2")
        #expect(stub.ask("qThreadExtraInfo,2") == "7374696c6c")
    }

    @Test func memoryIsVirtualUnlessAskedForPhysical() {
        _ = stub.memory.store8(0x2001, 0x5A)
        #expect(stub.ask("M1000,2:0a0b") == "OK")
        #expect(stub.memory.load16(0x1000) == 0x0B0A)
        #expect(stub.ask("X1002,2:}\u{3}x") == "OK")
        #expect(stub.memory.load16(0x1002) == 0x7823)
        #expect(stub.ask("m1000,3") == "0a0b23")
        #expect(stub.ask("m1fff,4") == "00")
        #expect(stub.ask("m2001,1") == "E01")
        #expect(stub.ask("Qqemu.PhyMemMode:1") == "OK")
        #expect(stub.ask("m2001,1") == "5a")
        #expect(stub.ask("m3fff,10") == "00")
        #expect(stub.ask("Qqemu.PhyMemMode:0") == "OK")
        #expect(stub.ask("M1fff,2:0102") == "E01")
        #expect(stub.memory.load8(0x1FFF) == 0)
        #expect(stub.ask("M1000,3:0102") == "E01")
        #expect(stub.ask("mffffffffffffffff,ffffffffffffffff") == "E01")
    }

    @Test func aBreakpointIsReportedWithItsThread() {
        #expect(stub.ask("qSupported:swbreak+;hwbreak+").contains("PacketSize=4000"))
        #expect(stub.ask("Z0,1234,2") == "OK")
        #expect(stub.cpus[1].debug.points.breaks(at: 0x1234) == .software)
        _ = stub.takeCalls()
        #expect(stub.ask("vCont;c") == "")
        #expect(stub.takeCalls() == ["resume [0, 1]"])
        stub.cpus[1].stop(.breakpoint(.software))
        stub.session.reached()
        #expect(stub.take() == String(decoding: Stub.packet("T05thread:2;swbreak:;"), as: UTF8.self))
        #expect(stub.takeCalls() == ["stop"])
        // The same stop, told twice, is reported once.
        stub.session.reached()
        #expect(stub.take() == "")
        #expect(stub.ask("z0,1234,2") == "OK")
        #expect(stub.cpus[1].debug.points.isEmpty)
    }

    @Test func watchesTellWhereTheyBegin() throws {
        #expect(stub.ask("Z2,1000,8") == "OK")
        let watch = try #require(stub.cpus[0].debug.points.watch(0x1004, 1, .write))
        #expect(stub.cpus[0].debug.points.watch(0x1004, 1, .read) == nil)
        #expect(stub.cpus[0].debug.points.watch(0x0FFC, 8, .write) == watch)
        #expect(stub.cpus[0].debug.points.watch(0x0FF8, 8, .write) == nil)
        #expect(stub.cpus[0].debug.points.watch(0x1008, 8, .write) == nil)
        #expect(stub.ask("vCont;s:1;c") == "")
        #expect(stub.cpus[0].debug.isStepping && !stub.cpus[1].debug.isStepping)
        stub.cpus[0].stop(.watch(watch))
        stub.session.reached()
        #expect(stub.take().hasPrefix("$T05thread:1;watch:1000;#"))
        #expect(stub.ask("Z4,fffffffffffffff8,8") == "OK")
        #expect(stub.ask("Z4,fffffffffffffff8,9") == "E01")
        #expect(stub.ask("Z9,0,1") == "")
    }

    @Test func onlyWhatIsNamedGoesOn() {
        _ = stub.takeCalls()
        #expect(stub.ask("vCont;s:2") == "")
        #expect(stub.takeCalls() == ["resume [1]"])
        stub.cpus[1].stop(.step)
        stub.session.reached()
        #expect(stub.ask("vCont;x") == "E01")
        #expect(stub.ask("vCont;c:3") == "E01")
        #expect(stub.ask("vCont?") == "vCont;c;C;s;S")
        _ = stub.takeCalls()
        #expect(stub.ask("c2000") == "")
        #expect(stub.cpus[1].values[2] == 0x2000)
        #expect(stub.takeCalls() == ["resume [0, 1]"])
    }

    @Test func aRunningMachineIsInterruptedAndNotWrittenTo() {
        #expect(stub.ask("c") == "")
        #expect(stub.ask("M1000,1:01") == "E01")
        #expect(stub.ask("P0=0000000000000000") == "E01")
        #expect(stub.ask("Z0,0,1") == "E01")
        _ = stub.takeCalls()
        stub.session.receive([3])
        #expect(stub.takeCalls() == ["stop"])
        #expect(stub.take().hasPrefix("$T02thread:1;#"))
    }

    @Test func leavingTakesAllPointsAway() {
        _ = stub.ask("Z1,10,1")
        _ = stub.takeCalls()
        #expect(stub.ask("D") == "OK")
        #expect(stub.takeCalls() == ["stop", "points", "resume [0, 1]", "detached"])
        #expect(stub.cpus.map(\.debug.points.isEmpty) == [true, true])
    }

    @Test func monitorCommandsAnswerInText() {
        #expect(stub.ask("qRcmd,70687973206f6e") == "OK")
        #expect(stub.ask("qqemu.PhyMemMode") == "1")
        #expect(stub.ask("qRcmd,696e666f").hasPrefix("313a207374696c6c0a"))
        _ = stub.takeCalls()
        #expect(!stub.ask("qRcmd,7265736574").isEmpty)
        #expect(stub.takeCalls() == ["reset"])
        #expect(stub.ask("qRcmd,7g") == "E01")
    }

    @Test func theDescriptionComesInPieces() {
        var text = ""
        while true {
            let piece = stub.ask("qXfer:features:read:target.xml:\(String(text.utf8.count, radix: 16)),40")
            text += piece.dropFirst()
            if piece.first != "m" { break }
        }
        #expect(text.contains("<reg name=\"y\" bitsize=\"32\" regnum=\"1\" type=\"int\"/>"))
        #expect(text.hasSuffix("</target>"))
        #expect(stub.ask("qXfer:features:read:other.xml:0,40") == "E00")
        #expect(stub.ask("qXfer:features:read:target.xml:ffffffffffffffff,40") == "E01")
    }

    @Test func damagedPacketsAreAskedForAgain() {
        _ = stub.take()
        stub.session.receive(Array("$?#00".utf8))
        #expect(stub.take() == "-")
        let answer = stub.ask("?")
        stub.session.receive(Array("-".utf8))
        #expect(stub.take().contains(answer))
        #expect(stub.ask("QStartNoAckMode") == "OK")
        stub.session.receive(Stub.packet("?"))
        #expect(stub.take().hasPrefix("$T02"))
    }

    @Test func packetsThatAreTooLongAreRefused() {
        _ = stub.take()
        stub.session.receive(Stub.packet(String(repeating: "m", count: PacketReader.longest + 1)))
        #expect(stub.take() == "-")
    }

    /// The fuzz entry: whatever comes, the session lives, and its answers are packets.
    @Test func noiseIsSurvived() {
        var random = SystemRandomNumberGenerator()
        let seed = random.next()
        var state = seed
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        let words = [
            "g", "G", "p", "P", "m", "M", "X", "Z0,", "Z2,", "z3,", "vCont;", "vCont;c:", "s:", "qXfer:",
            "features:read:target.xml:", "qRcmd,", "Hg", "Hc", "T", "c", "s", "C", "S", "?", "D", ",", ":",
            ";",
            "=", "-1", "ffffffffffffffff", "0", "1", "2000", "}", "QStartNoAckMode", "qThreadExtraInfo,",
        ]
        for _ in 0..<20_000 {
            var content = ""
            for _ in 0..<(1 + next() % 5) { content += words[Int(next()) % words.count] }
            if next() % 8 == 0 { content.append(Character(UnicodeScalar(UInt8(next() & 0x7F)))) }
            stub.session.receive(Stub.packet(content))
            if next() % 4 == 0 { stub.session.receive([UInt8(truncatingIfNeeded: next())]) }
            #expect(stub.take().utf8.allSatisfy { $0 < 0x80 }, "seed \(seed)")
        }
    }
}
