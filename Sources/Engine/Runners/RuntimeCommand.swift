import Containers
import Glibc
import Host

/// What a monitor says when its process is there.
struct MonitorAnswer: Equatable, Sendable {
    /// The first process, seen from the host.
    var processID: Int32
    /// What the host withheld.
    var warnings: [String] = []
}

/// Runs `viv-container`.
struct RuntimeCommand: Sendable {
    let program: String
    let root: String
    let watcher: LoopThread

    /// Starts a monitor and waits until it says that the container (or the exec's process) is there. Blocks.
    func monitor(_ arguments: [String]) throws(EngineError) -> MonitorAnswer {
        do {
            var pipe = try Pipe()
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            let inherit = [0, 1, 2].map { ChildProcess.Inheritance(null.raw, as: $0) }
            let child = try ChildProcess(
                program, ["--root", root, "monitor"] + arguments,
                inherit: inherit + [ChildProcess.Inheritance(pipe.writer, as: 3)])
            watcher.reapLater(child)
            pipe.closeWriter()
            return try Self.answer(SmallFile.read(pipe.reader, limit: 64 << 10) ?? [])
        } catch {
            throw EngineError(error)
        }
    }

    /// What a monitor writes to descriptor 3: one line.
    static func answer(_ bytes: [UInt8]) throws(EngineError) -> MonitorAnswer {
        guard let value = try? JSONValue(parsing: bytes), let fields = value.object else {
            throw EngineError(.system, "the monitor ended without a word")
        }
        if let pid = fields["pid"]?.integer.flatMap(Int32.init(exactly:)), pid > 0 {
            return MonitorAnswer(
                processID: pid, warnings: fields["warnings"]?.array?.compactMap(\.string) ?? [])
        }
        let text = fields["error"]?.string ?? "the monitor did not say why"
        let kind: EngineError.Kind =
            switch fields["kind"]?.string {
            case "notFound": .notFound
            case "invalid": .invalid
            case "refusedByHost": .forbidden
            case "notExecutable": .notExecutable
            default: .system
            }
        throw EngineError(kind, text)
    }

    /// Runs another of its commands to the end. Blocks.
    func run(_ arguments: [String]) throws(EngineError) {
        do {
            var pipe = try Pipe()
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            let child = try ChildProcess(
                program, ["--root", root] + arguments,
                inherit: [
                    ChildProcess.Inheritance(null.raw, as: 0), ChildProcess.Inheritance(null.raw, as: 1),
                    ChildProcess.Inheritance(pipe.writer, as: 2),
                ])
            pipe.closeWriter()
            let complaint = SmallFile.read(pipe.reader, limit: 64 << 10) ?? []
            guard child.reap() != .exited(0) else { return }
            throw EngineError(.system, Self.reason(complaint, arguments))
        } catch {
            throw EngineError(error)
        }
    }

    private static func reason(_ complaint: [UInt8], _ arguments: [String]) -> String {
        let text = String(decoding: complaint, as: UTF8.self)
        let last = text.split(separator: "\n").last.map(String.init)
        return last ?? "viv-container \(arguments.first ?? "") failed without a word"
    }
}
