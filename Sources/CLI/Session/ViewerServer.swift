import Display
import Glibc
import Host
import Model

/// Shows a machine's screen to viewers of RFB, and gives it their keys and pointers. It runs on the loop of `viv`: the
/// machine has no part in it but to draw when it is asked to.
final class ViewerServer {
    /// How often a screen that somebody looks at is drawn: 30 times a second.
    private static let period: UInt64 = 33_000_000
    /// Turns after which what blinks goes or comes.
    private static let blinkPeriod = 8
    /// A viewer that has so much still to read gets no new pictures.
    private static let backlog = 1 << 20
    private static let mostViewers = 16

    private final class Viewer {
        let socket: FileDescriptor
        let output: Outlet
        let session: RFBSession

        init(_ socket: consuming FileDescriptor, _ session: RFBSession, loop: EventLoop) {
            output = Outlet(socket.raw, loop: loop, shared: false)
            self.socket = socket
            self.session = session
        }
    }

    private let loop: EventLoop
    private let channel: MachineChannel
    private let listener: FileDescriptor
    private let place: DisplayOption.Place
    private let name: String
    private let password: [UInt8]?
    /// What the machine draws into, and what the viewers have been told of.
    private let drawn: Surface
    private let shown: Surface
    private var viewers: [Int32: Viewer] = [:]
    private var isDrawing = false
    private var turn = 0
    private var pointer = (x: 0, y: 0)

    /// - Parameter password: `nil` lets everybody in who can connect.
    init(
        _ place: DisplayOption.Place, password: [UInt8]?, name: String, screen: ScreenMemory,
        channel: MachineChannel, loop: EventLoop
    ) throws {
        guard let drawn = Surface(shared: screen.file.raw), let shown = Surface() else {
            throw Failure.refused("the host has no memory for viewers")
        }
        listener = try ViewerListener.open(place)
        (self.drawn, self.shown) = (drawn, shown)
        self.place = place
        (self.name, self.password) = (name, password)
        (self.channel, self.loop) = (channel, loop)
        try loop.add(listener.raw, .read) { [unowned self] _ in accept() }
    }

    deinit {
        for descriptor in viewers.keys { loop.remove(descriptor) }
        loop.remove(listener.raw)
    }

    /// The machine has ended: takes leave of all viewers.
    func finish() {
        for raw in Array(viewers.keys) { hangUp(raw) }
        if case .unix(let path) = place { unlink(path) }
    }

    /// The first eight bytes of a file's first line.
    static func password(in path: String) throws -> [UInt8] {
        let file = try MachineFiles.open(path, role: "password file")
        let bytes = try Descriptors.read(file.raw, limit: 256) ?? []
        let line = bytes.prefix { $0 != 10 && $0 != 13 }
        guard !line.isEmpty else { throw Failure.unusableFile("the password file \(path) is empty") }
        return Array(line.prefix(8))
    }

    private func accept() {
        guard let socket = UnixSocket.accept(listener.raw), viewers.count < Self.mostViewers,
            let challenge = try? Random.bytes(16)
        else { return }
        let raw = socket.raw
        let size = shown.width > 0 ? (shown.width, shown.height) : (720, 400)
        let session = RFBSession(name: name, size: size, password: password, challenge: challenge)
        viewers[raw] = Viewer(socket, session, loop: loop)
        send(raw)
        try? loop.add(raw, .read) { [unowned self] _ in read(raw) }
        if viewers.count == 1 { draw() }
    }

    private func read(_ raw: Int32) {
        guard let viewer = viewers[raw] else { return }
        do {
            guard let bytes = try Descriptors.read(raw) else { return }
            guard !bytes.isEmpty else { return hangUp(raw) }
            for event in viewer.session.take(bytes) { act(on: event, raw) }
        } catch {
            return hangUp(raw)
        }
        send(raw)
    }

    private func send(_ raw: Int32) {
        guard let viewer = viewers[raw], !viewer.session.output.isEmpty else { return }
        viewer.output.send(viewer.session.output)
        viewer.session.output = []
    }

    private func hangUp(_ raw: Int32) {
        loop.remove(raw)
        viewers[raw] = nil
    }

    private func act(on event: RFBSession.Event, _ raw: Int32) {
        switch event {
        case .key(let keysym, let isDown):
            guard let key = Keysyms.key(keysym, .us) else { return }
            var request = ControlRequest(request: 0, command: .press)
            request.keys = [KeyMotion(key, isDown: isDown)]
            channel.ask(request)
        case .pointer(let x, let y, let buttons): point(x, y, buttons)
        case .cutText(let text):
            for (other, viewer) in viewers where other != raw {
                viewer.session.sendCutText(text)
                send(other)
            }
        case .welcomed: break
        case .failed:
            send(raw)
            hangUp(raw)
        }
    }

    /// A mouse knows only how far it has moved.
    private func point(_ x: Int, _ y: Int, _ buttons: UInt8) {
        let wheel = buttons & 8 != 0 ? -1 : buttons & 16 != 0 ? 1 : 0
        let held = buttons & 1 | (buttons & 2) << 1 | (buttons & 4) >> 1
        var request = ControlRequest(request: 0, command: .point)
        request.motion = PointerMotion(x: x - pointer.x, y: y - pointer.y, wheel: wheel, buttons: held)
        pointer = (x, y)
        channel.ask(request)
    }

    /// Has the screen drawn as long as there are viewers.
    private func draw() {
        guard !viewers.isEmpty else { return }
        loop.schedule(after: Self.period) { [weak self] in self?.draw() }
        guard !isDrawing, viewers.values.contains(where: { $0.session.wantsUpdate }) else { return }
        isDrawing = true
        turn &+= 1
        var request = ControlRequest(request: 0, command: .screen)
        request.isBlinkedOff = turn / Self.blinkPeriod % 2 == 1
        channel.ask(request) { [weak self] reply in self?.show(reply.screen) }
    }

    private func show(_ screen: ScreenStatus?) {
        isDrawing = false
        // What does not fit the memory is no screen.
        guard let screen, drawn.resize(screen.width, screen.height), let changed = shown.update(from: drawn)
        else {
            return
        }
        for (raw, viewer) in viewers {
            viewer.session.update(shown, changed, holds: viewer.output.count > Self.backlog)
            send(raw)
        }
    }
}
