import Glibc
import Host

/// Starts `vivd` for a user who has none running.
enum DaemonStart {
    /// How long a new daemon may take until it listens.
    private static let patience: Int32 = 30_000
    private static let readyDescriptor: Int32 = 3

    static func isListening(_ path: String) -> Bool { (try? UnixSocket.connect(path)) != nil }

    /// Starts the daemon and returns when it listens; says so on standard error.
    static func start() throws(Failure) {
        let folder = try RuntimeDirectory.standard().path
        let log = folder + "/vivd.log"
        let child: ChildProcess
        let isReady: Bool
        do {
            (child, isReady) = try launch(log: log)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .unusableFile("\(error)")
        }
        // Somebody else may have started one at the same moment: then ours has ended, and theirs listens.
        guard isReady || waitsForAnother(folder + "/vivd.sock") else {
            child.signal(SIGTERM)
            throw .noDaemon("vivd does not start. The end of \(log):\n\(tail(of: log))")
        }
        if isReady { Report.note("started vivd (\(getuid() == 0 ? "rootful" : "rootless")), log: \(log)") }
    }

    /// The daemon survives this process and takes no signal from its terminal: it gets a group of its own.
    private static func launch(log: String) throws -> (ChildProcess, Bool) {
        let program = try HouseProgram.locate("vivd", variable: "VIV_DAEMON")
        let output = try FileDescriptor.open(log, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        let input = try FileDescriptor.open("/dev/null")
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError("make a pipe") }
        let reader = FileDescriptor(owning: ends[0])
        let writer = FileDescriptor(owning: ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child = try ChildProcess(
            program, ["--ready-fd", "\(readyDescriptor)"],
            inherit: [
                .init(input.raw, as: 0), .init(output.raw, as: 1), .init(output.raw, as: 2),
                .init(writer.raw, as: readyDescriptor),
            ])
        close(writer.release())
        return (child, isReady(reader.raw))
    }

    /// Whether a byte comes before the end of the stream.
    private static func isReady(_ reader: Int32) -> Bool {
        var slot = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        guard poll(&slot, 1, patience) > 0 else { return false }
        return (try? Descriptors.read(reader, limit: 64))?.isEmpty == false
    }

    private static func waitsForAnother(_ socket: String) -> Bool {
        for _ in 0..<20 {
            if isListening(socket) { return true }
            usleep(50_000)
        }
        return false
    }

    /// The last lines of the log, indented.
    private static func tail(of log: String) -> String {
        guard let text = try? TextFile.read(log, limit: 1 << 20) else { return "  (there is no log)" }
        let lines = text.split(separator: "\n").suffix(8)
        return lines.isEmpty ? "  (it is empty)" : lines.map { "  \($0)" }.joined(separator: "\n")
    }
}
