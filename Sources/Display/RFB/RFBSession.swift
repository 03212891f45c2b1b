/// One viewer's connection by the Remote Framebuffer protocol, versions 3.3 to 3.8 (RFC 6143): bytes in, events and bytes
/// out. It does no I/O, and believes nothing that a viewer says of lengths.
package final class RFBSession {
    /// What a viewer wants of the machine, or of us.
    package enum Event: Equatable, Sendable {
        /// A key by its X11 keysym.
        case key(keysym: UInt32, isDown: Bool)
        /// Where the pointer is, in pixels, and which buttons are held: bit 0 left, 1 middle, 2 right, 3 and 4 the wheel.
        case pointer(x: Int, y: Int, buttons: UInt8)
        /// The viewer's clipboard, in ISO 8859-1.
        case cutText([UInt8])
        /// It has proved its right to look.
        case welcomed
        /// It does not speak the protocol, or does not know the password: hang up when the output has been sent.
        case failed(String)
    }

    private enum State {
        case version, security, response, initialization, running, failed
    }

    private static let longestCutText = 256 << 10
    private static let mostEncodings = 1024
    private static let desktopSize: Int32 = -223

    private let name: String
    private let password: [UInt8]?
    private let challenge: [UInt8]
    private var state = State.version
    private var minor = 8
    private var input: [UInt8] = []
    /// Bytes of a long text that are skipped.
    private var skipped = 0
    private var encoder = RFBEncoder()
    private var encoding = RFBEncoder.Encoding.raw
    private var knowsDesktopSize = false
    private var toldSize = (width: 0, height: 0)
    private var dirty = DirtyRegion()
    /// A part that the viewer waits to see changed.
    private var awaited: Rectangle?

    /// What is to be sent; the owner takes it away.
    package var output: [UInt8] = []
    /// The size that is told at the beginning.
    package var size: (width: Int, height: Int)

    /// - Parameters:
    ///   - password: of which eight bytes count; `nil` lets everybody in.
    ///   - challenge: sixteen random bytes.
    package init(name: String, size: (width: Int, height: Int), password: [UInt8]?, challenge: [UInt8]) {
        self.name = name
        self.size = size
        self.password = password
        self.challenge = challenge
        output = Array("RFB 003.008\n".utf8)
    }

    package var isRunning: Bool { state == .running }
    /// Whether the viewer waits for a picture.
    package var wantsUpdate: Bool { awaited != nil }

    /// Takes bytes, cut anywhere; what they mean.
    package func take(_ bytes: some Collection<UInt8>) -> [Event] {
        guard state != .failed else { return [] }
        var bytes = Array(bytes)
        let skip = min(skipped, bytes.count)
        skipped -= skip
        bytes.removeFirst(skip)
        input += bytes
        var events: [Event] = []
        while state != .failed, let event = step() { if let event { events.append(event) } }
        return events
    }

    /// Does one step: `nil` when bytes are missing, else what it meant, if anything.
    private func step() -> Event?? {
        switch state {
        case .version: takeVersion()
        case .security: takeSecurity()
        case .response: takeResponse()
        case .initialization: takeInitialization()
        case .running: takeMessage()
        case .failed: nil
        }
    }

    /// The next `count` bytes, taken away; `nil` when there are not so many.
    private func next(_ count: Int) -> ArraySlice<UInt8>? {
        guard input.count >= count else { return nil }
        defer { input.removeFirst(count) }
        return input[..<count]
    }

    private func fail(_ reason: String) -> Event? {
        state = .failed
        input = []
        return .failed(reason)
    }

    // MARK: Greeting

    private func takeVersion() -> Event?? {
        guard let line = next(12) else { return nil }
        let text = String(decoding: line, as: UTF8.self)
        guard text.hasPrefix("RFB 003."), text.hasSuffix("\n"), let number = Int(text.dropFirst(8).prefix(3))
        else {
            return .some(fail("no viewer of RFB"))
        }
        minor = number >= 8 ? 8 : number == 7 ? 7 : 3
        let type: UInt8 = password == nil ? 1 : 2
        if minor == 3 {
            output += [0, 0, 0, type]
            begin(type)
        } else {
            output += [1, type]
            state = .security
        }
        return .some(nil)
    }

    private func takeSecurity() -> Event?? {
        guard let type = next(1)?.first else { return nil }
        guard type == (password == nil ? 1 : 2) else {
            return .some(fail("a kind of security that was not offered"))
        }
        begin(type)
        return .some(nil)
    }

    private func begin(_ type: UInt8) {
        if type == 2 {
            output += challenge
            state = .response
        } else {
            // Only version 3.8 tells the result where there was nothing to check.
            if minor == 8 { output += [0, 0, 0, 0] }
            state = .initialization
        }
    }

    private func takeResponse() -> Event?? {
        guard let response = next(16) else { return nil }
        guard Array(response) == expectedResponse else {
            output += [0, 0, 0, 1]
            let reason = Array("wrong password".utf8)
            if minor == 8 { output += Self.big32(reason.count) + reason }
            return .some(fail("wrong password"))
        }
        output += [0, 0, 0, 0]
        state = .initialization
        return .some(nil)
    }

    /// The challenge under the password, whose bytes are turned around, for which nobody knows the reason.
    private var expectedResponse: [UInt8] {
        let key = (password ?? []).prefix(8).map(Self.reversed)
        let cipher = DES(key: key + [UInt8](repeating: 0, count: 8 - key.count))
        return cipher.encrypt(Array(challenge.prefix(8))) + cipher.encrypt(Array(challenge.suffix(8)))
    }

    private static func reversed(_ byte: UInt8) -> UInt8 {
        var result: UInt8 = 0
        for bit in 0..<8 where byte >> UInt8(bit) & 1 != 0 { result |= 0x80 >> UInt8(bit) }
        return result
    }

    private func takeInitialization() -> Event?? {
        guard next(1) != nil else { return nil }
        let title = Array(name.utf8.prefix(255))
        output += Self.big16(size.width) + Self.big16(size.height) + PixelFormat.native.encoded
        output += Self.big32(title.count) + title
        toldSize = size
        state = .running
        return .some(.welcomed)
    }
}

// MARK: - Messages

extension RFBSession {
    private static func big16(_ value: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    private static func big32(_ value: Int) -> [UInt8] { big16(value >> 16) + big16(value) }

    private func number(_ place: Int, _ count: Int) -> Int {
        input[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
    }

    private func takeMessage() -> Event?? {
        guard let type = input.first else { return nil }
        switch type {
        case 0: return takePixelFormat()
        case 2: return takeEncodings()
        case 3: return takeUpdateRequest()
        case 4:
            guard input.count >= 8 else { return nil }
            let event = Event.key(keysym: UInt32(number(4, 4)), isDown: input[1] != 0)
            input.removeFirst(8)
            return .some(event)
        case 5:
            guard input.count >= 6 else { return nil }
            let event = Event.pointer(x: number(2, 2), y: number(4, 2), buttons: input[1])
            input.removeFirst(6)
            return .some(event)
        case 6: return takeCutText()
        default: return .some(fail("an unknown message"))
        }
    }

    private func takePixelFormat() -> Event?? {
        guard let message = next(20) else { return nil }
        guard let format = PixelFormat(message.dropFirst(4)) else {
            return .some(fail("a pixel format that is none"))
        }
        encoder.format = format
        dirty.add(Rectangle(x: 0, y: 0, width: size.width, height: size.height))
        return .some(nil)
    }

    /// The first of the viewer's wishes that we can fulfil counts.
    private func takeEncodings() -> Event?? {
        guard input.count >= 4 else { return nil }
        let count = number(2, 2)
        guard count <= Self.mostEncodings else { return .some(fail("too many encodings")) }
        guard input.count >= 4 + 4 * count else { return nil }
        let wishes = (0..<count).map { Int32(truncatingIfNeeded: number(4 + 4 * $0, 4)) }
        input.removeFirst(4 + 4 * count)
        encoding = wishes.lazy.compactMap(RFBEncoder.Encoding.init).first ?? .raw
        knowsDesktopSize = wishes.contains(Self.desktopSize)
        return .some(nil)
    }

    private func takeUpdateRequest() -> Event?? {
        guard input.count >= 10 else { return nil }
        let part = Rectangle(x: number(2, 2), y: number(4, 2), width: number(6, 2), height: number(8, 2))
        if input[1] == 0 { dirty.add(part) }
        awaited = awaited.map { $0.union(part) } ?? part
        input.removeFirst(10)
        return .some(nil)
    }

    private func takeCutText() -> Event?? {
        guard input.count >= 8 else { return nil }
        let count = number(4, 4)
        guard count <= Self.longestCutText else {
            let known = min(count, input.count - 8)
            skipped = count - known
            input.removeFirst(8 + known)
            return .some(nil)
        }
        guard let message = next(8 + count) else { return nil }
        return .some(.cutText(Array(message.dropFirst(8))))
    }

    // MARK: To the viewer

    /// Notes what has changed since the latest call, and sends it when the viewer waits for it.
    ///
    /// - Parameters:
    ///   - surface: the picture, as it is now.
    ///   - holds: the viewer still has much to read, and gets nothing new.
    package func update(_ surface: Surface, _ changed: DirtyRegion, holds: Bool = false) {
        size = (surface.width, surface.height)
        dirty.add(changed)
        guard state == .running, !holds, let part = awaited else { return }
        if size != toldSize, knowsDesktopSize {
            toldSize = size
            dirty.add(surface.bounds)
            output += [0, 0, 0, 1, 0, 0, 0, 0] + Self.big16(size.width) + Self.big16(size.height)
            output += Self.big32(Int(UInt32(bitPattern: Self.desktopSize)))
            awaited = nil
            return
        }
        let told = Rectangle(x: 0, y: 0, width: toldSize.width, height: toldSize.height)
        let visible = dirty.clipped(to: surface.bounds.intersection(told))
        let parts = visible.clipped(to: part)
        guard !parts.isEmpty else { return }
        output += [0, 0] + Self.big16(parts.rectangles.count)
        for part in parts.rectangles {
            let (encoding, bytes) = encoder.encode(part, of: surface, encoding)
            output += [part.x, part.y, part.width, part.height].flatMap(Self.big16)
            output += Self.big32(Int(encoding.rawValue)) + bytes
        }
        dirty = DirtyRegion()
        awaited = nil
    }

    /// Gives the viewer a clipboard's text, in ISO 8859-1.
    package func sendCutText(_ text: [UInt8]) {
        guard state == .running else { return }
        output += [3, 0, 0, 0] + Self.big32(text.count) + text
    }
}
