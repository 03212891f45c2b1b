import Testing

@testable import Display

/// Viewers of the test's own, polite and rude.
struct RFBTests {
    private let challenge = [UInt8](0..<16)

    private func session(password: [UInt8]? = nil, width: Int = 4, height: Int = 3) -> RFBSession {
        RFBSession(name: "pc", size: (width, height), password: password, challenge: challenge)
    }

    private func output(_ session: RFBSession) -> [UInt8] {
        defer { session.output = [] }
        return session.output
    }

    /// A session that is past its greeting, and whose output was taken.
    private func running(width: Int = 4, height: Int = 3) -> RFBSession {
        let session = session(width: width, height: height)
        #expect(session.take(Array("RFB 003.008\n".utf8) + [1, 1]) == [.welcomed])
        session.output = []
        return session
    }

    @Test func thePublishedTestOfDESHolds() {
        let cipher = DES(key: [0x13, 0x34, 0x57, 0x79, 0x9B, 0xBC, 0xDF, 0xF1])
        let block: [UInt8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF]
        #expect(cipher.encrypt(block) == [0x85, 0xE8, 0x13, 0x54, 0x0F, 0x0A, 0xB4, 0x05])
        // NIST SP 500-20: the weak key, and a block of one bit.
        let weak = DES(key: [UInt8](repeating: 1, count: 8))
        #expect(
            weak.encrypt([0x80, 0, 0, 0, 0, 0, 0, 0]) == [0x95, 0xF8, 0xA5, 0xE5, 0xDD, 0x31, 0xD9, 0x00])
    }

    @Test func aViewerIsGreetedByteByByte() {
        let session = session()
        var events: [RFBSession.Event] = []
        for byte in Array("RFB 003.008\n".utf8) + [1, 0] { events += session.take([byte]) }
        #expect(events == [.welcomed])
        let sent = output(session)
        #expect(
            sent.starts(with: Array("RFB 003.008\n".utf8) + [1, 1, 0, 0, 0, 0, 0, 4, 0, 3, 32, 24, 0, 1]))
        #expect(sent.suffix(6).elementsEqual([0, 0, 0, 2] + Array("pc".utf8)))
    }

    @Test func oldViewersAreServed() {
        let session = session()
        #expect(session.take(Array("RFB 003.003\n".utf8) + [1]) == [.welcomed])
        #expect(output(session).dropFirst(12).starts(with: [0, 0, 0, 1, 0, 4, 0, 3]))
    }

    @Test func thePasswordIsAsked() {
        let password = Array("secret".utf8)
        let right = session(password: password)
        #expect(right.take(Array("RFB 003.008\n".utf8) + [2]).isEmpty)
        #expect(output(right).suffix(16).elementsEqual(challenge))
        // The key is the password with each byte's bits turned around.
        let key = [UInt8("11001110", radix: 2), 0xA6, 0xC6, 0x4E, 0xA6, 0x2E].compactMap(\.self)
        let cipher = DES(key: key + [0, 0])
        let response = cipher.encrypt(Array(challenge[..<8])) + cipher.encrypt(Array(challenge[8...]))
        #expect(right.take(response + [1]) == [.welcomed])
        let wrong = session(password: password)
        #expect(
            wrong.take(Array("RFB 003.008\n".utf8) + [2] + [UInt8](repeating: 0, count: 16)) == [
                .failed("wrong password")
            ])
        #expect(wrong.take([1]).isEmpty)
        let sly = session(password: password)
        #expect(sly.take(Array("RFB 003.008\n".utf8) + [1]).count == 1)
        #expect(!sly.isRunning)
    }

    private func surface(_ width: Int, _ height: Int, _ pixel: (Int, Int) -> UInt32) throws -> Surface {
        let surface = try #require(Surface(capacity: max(width * height, 1)))
        #expect(surface.resize(width, height))
        for y in 0..<height { for x in 0..<width { surface[x, y] = pixel(x, y) } }
        return surface
    }

    @Test func rawPixelsComeWhenTheyWereAskedFor() throws {
        let session = running()
        let picture = try surface(4, 3) { x, y in UInt32(x * 16 + y) }
        session.update(picture, DirtyRegion())
        #expect(session.output.isEmpty)
        #expect(session.take([3, 0, 0, 1, 0, 1, 0, 2, 0, 2]).isEmpty)
        session.update(picture, DirtyRegion())
        let head: [UInt8] = [0, 0, 0, 1, 0, 1, 0, 1, 0, 2, 0, 2, 0, 0, 0, 0]
        #expect(output(session) == head + [17, 0, 0, 0, 33, 0, 0, 0, 18, 0, 0, 0, 34, 0, 0, 0])
        // Nothing has changed, nothing is sent; then a change, which waits for its request.
        #expect(session.take([3, 1, 0, 0, 0, 0, 0, 4, 0, 3]).isEmpty)
        session.update(picture, DirtyRegion())
        #expect(session.output.isEmpty && session.wantsUpdate)
        var changed = DirtyRegion()
        changed.add(Rectangle(x: 3, y: 2, width: 1, height: 1))
        session.update(picture, changed)
        #expect(output(session) == [0, 0, 0, 1, 0, 3, 0, 2, 0, 1, 0, 1, 0, 0, 0, 0, 50, 0, 0, 0])
    }

    @Test func aNewSizeIsTold() throws {
        let session = running()
        _ = session.take([2, 0, 0, 2, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x21] + [3, 1, 0, 0, 0, 0, 0, 4, 0, 3])
        session.update(try surface(2, 1) { _, _ in 7 }, DirtyRegion())
        #expect(output(session) == [0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 1, 0xFF, 0xFF, 0xFF, 0x21])
        _ = session.take([3, 1, 0, 0, 0, 0, 0, 2, 0, 1])
        session.update(try surface(2, 1) { _, _ in 7 }, DirtyRegion())
        #expect(output(session).suffix(8).elementsEqual([7, 0, 0, 0, 7, 0, 0, 0]))
    }

    @Test func keysPointersAndClipboardsArrive() {
        let session = running()
        let text = Array("hello".utf8)
        let events = session.take(
            [4, 1, 0, 0, 0, 0, 0xFF, 0x0D] + [5, 3, 1, 2, 0, 9] + [6, 0, 0, 0, 0, 0, 0, 5] + text)
        #expect(
            events == [
                .key(keysym: 0xFF0D, isDown: true), .pointer(x: 258, y: 9, buttons: 3), .cutText(text),
            ])
        // A clipboard beyond all measure is skipped, and what follows is understood.
        _ = session.take([6, 0, 0, 0, 0, 0x10, 0, 0])
        #expect(session.take([UInt8](repeating: 9, count: 1 << 20)).isEmpty)
        #expect(session.take([5, 0, 0, 1, 0, 2]) == [.pointer(x: 1, y: 2, buttons: 0)])
        session.sendCutText(text)
        #expect(output(session) == [3, 0, 0, 0, 0, 0, 0, 5] + text)
    }

    @Test func formatsThatAreNoneEndTheSession() {
        for (bits, most, shift): (UInt8, UInt8, UInt8) in [
            (7, 255, 0), (32, 255, 40), (8, 255, 4), (16, 255, 15),
        ] {
            let session = running()
            let format: [UInt8] = [bits, 8, 0, 1, 0, most, 0, most, 0, most, shift, shift, shift, 0, 0, 0]
            #expect(session.take([0, 0, 0, 0] + format).count == 1)
            #expect(!session.isRunning)
        }
    }

    @Test(arguments: 0..<200) func garbageDoesNoHarm(seed: Int) throws {
        var random = SeededGenerator(UInt64(seed))
        let session =
            seed % 2 == 0 ? running(width: 40, height: 30) : session(password: seed % 4 == 1 ? [1] : nil)
        let picture = try surface(40, 30) { x, y in UInt32(x ^ y) &* 0x10203 }
        for _ in 0..<200 {
            var bytes = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            // Most messages begin as such.
            bytes[0] = UInt8.random(in: 0...7, using: &random)
            _ = session.take(bytes)
            session.update(picture, DirtyRegion())
            session.output = []
        }
    }
}
