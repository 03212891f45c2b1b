import Glibc
import Host
import Model

/// `viv demo`: a machine, a disk, a web server and a dialogue between them.
final class Demonstration {
    /// How long the guest may take for one answer; the first includes its start.
    private static let patience: UInt64 = 180_000_000_000
    private static let note = "written by the guest"
    private static let page = "a page from the host\n"
    private static let diskSize: off_t = 16 << 20

    private let request: BootRequest
    private let loop: EventLoop
    private var dialogue = Dialogue(prompt: "~ # ", steps: [])
    private var failure: Failure?
    private var patience: EventLoop.Timer?

    init(_ request: BootRequest) throws {
        self.request = request
        loop = try EventLoop()
    }

    /// Boots, talks, powers off. Throws where an answer was not as expected.
    func run() throws {
        let signals = try Signals([SIGINT, SIGTERM, SIGHUP])
        let disk = try TemporaryDisk(size: Self.diskSize)
        let server = try PageServer(page: Self.page, loop: loop)
        var request = request
        request.disks = [try DiskOption(parsing: disk.path)]
        try CatalogueGuest.add("busybox", to: &request)
        dialogue = Dialogue(prompt: "~ # ", steps: Self.steps(cpus: request.cpus, port: server.port))
        let session = try MachineSession(request, serial: true, loop: loop)
        session.serial?.received = { [unowned self, unowned session] bytes in self.receive(bytes, session) }
        try loop.add(signals.raw, .read) { _ in session.kill() }
        wait(session)
        try conclude(session.run())
        withExtendedLifetime(server) { loop.remove(signals.raw) }
    }

    /// Everything that a computer is expected to do, in a few commands.
    static func steps(cpus: Int, port: UInt16) -> [Dialogue.Step] {
        [
            Dialogue.Step("uname -a", expecting: "Linux vivarium", "riscv64"),
            Dialogue.Step("cat /proc/cpuinfo", expecting: "rv64", "processor\t: \(cpus - 1)"),
            Dialogue.Step(
                "mke2fs /dev/vda >/dev/null && mount -t ext4 /dev/vda /mnt && df -h /mnt", expecting: "/mnt\n"
            ),
            Dialogue.Step(
                "echo '\(note)' >/mnt/note && umount /mnt && ls /mnt/note", expecting: "No such file"),
            Dialogue.Step(
                "mount -t ext4 /dev/vda /mnt && cat /mnt/note && umount /mnt", expecting: "\n\(note)\n"),
            Dialogue.Step("wget -qO- http://10.0.2.2:\(port)/", expecting: "\n\(page)"),
        ]
    }

    private func receive(_ bytes: [UInt8], _ session: MachineSession) {
        try? Descriptors.writeAll(STDOUT_FILENO, bytes)
        session.inspect(bytes)
        switch dialogue.take(bytes) {
        case .type(let command):
            session.serial?.send(Array((command + "\n").utf8))
            wait(session)
        case .finish:
            session.serial?.send(Array("poweroff\n".utf8))
            wait(session)
        case .fail(let command, let missing):
            let missing = missing.split(separator: "\n").joined(separator: " ")
            fail("the answer to '\(command)' lacks '\(missing)'", session)
        case nil: break
        }
    }

    private func wait(_ session: MachineSession) {
        if let patience { loop.cancel(patience) }
        patience = loop.schedule(after: Self.patience) { [unowned self, unowned session] in
            let what = self.dialogue.awaited.map { "an answer to '\($0)'" } ?? "the shell's prompt"
            self.fail("waited in vain for \(what)", session)
        }
    }

    private func fail(_ text: String, _ session: MachineSession) {
        failure = failure ?? Failure(.guestFailed, text)
        session.kill()
    }

    private func conclude(_ outcome: Outcome) throws {
        if let patience { loop.cancel(patience) }
        if let failure { throw failure }
        if outcome.code != .success { throw Failure(outcome.code, outcome.reason) }
        Report.line("\nEvery answer was as expected, and the guest has powered off.")
    }
}

/// An empty disk image, removed when it goes.
private final class TemporaryDisk {
    let path: String

    init(size: off_t) throws {
        path =
            "\(HostMachine.environment("TMPDIR") ?? "/tmp")/vivarium-demo-\(try Random.name(digits: 12)).img"
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL)
        let raw = file.raw
        try checked("make a disk of \(size) bytes") { ftruncate(raw, size) }
    }

    deinit { unlink(path) }
}
