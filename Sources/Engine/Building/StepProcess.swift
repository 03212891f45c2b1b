import Builder
import CLinux
import Glibc
import Host

/// One `viv-container run`, read on a thread of its own until its output ends.
final class StepProcess: @unchecked Sendable {
    // SAFETY: everything is immutable after init; `exit` is called once, and descriptors take concurrent use.

    private let program: String
    private let root: String
    private let id: String
    private let child: ChildProcess
    private let output: FileDescriptor
    private let errors: FileDescriptor
    /// Readable once the step is to end.
    private let wake: FileDescriptor
    private let waker: FileDescriptor

    init(_ program: String, root: String, bundle: String, log: String, id: String) throws(SystemError) {
        self.program = program
        self.root = root
        self.id = id
        let forOutput = try Self.pipe()
        output = FileDescriptor(owning: forOutput[0])
        let outputEnd = FileDescriptor(owning: forOutput[1])
        let forErrors = try Self.pipe()
        errors = FileDescriptor(owning: forErrors[0])
        let errorsEnd = FileDescriptor(owning: forErrors[1])
        let forWaking = try Self.pipe()
        wake = FileDescriptor(owning: forWaking[0])
        waker = FileDescriptor(owning: forWaking[1])
        let null = try FileDescriptor.open("/dev/null")
        child = try ChildProcess(
            program,
            ["--root", root, "--log", log, "--log-format", "json", "run", "--bundle", bundle, id],
            inherit: [
                ChildProcess.Inheritance(null.raw, as: 0), ChildProcess.Inheritance(outputEnd.raw, as: 1),
                ChildProcess.Inheritance(errorsEnd.raw, as: 2),
            ])
    }

    /// The reading and the writing end, close-on-exec.
    private static func pipe() throws(SystemError) -> [Int32] {
        var ends: [Int32] = [-1, -1]
        try checked("make a pipe") { viv_pipe(&ends) }
        return ends
    }

    /// Asks for the end; `exit` sees to it.
    func cancel() { _ = try? Descriptors.write(waker.raw, [1]) }

    /// Passes output on until there is no more, then tells how the command ended.
    func exit(output sink: @escaping @Sendable (StepOutput) -> Void) async -> ChildProcess.Exit {
        await withCheckedContinuation { continuation in
            do {
                _ = try Thread(name: "step") { [self] in
                    // Nobody joins: the thread's resources go with it.
                    pthread_detach(pthread_self())
                    continuation.resume(returning: watch(sink))
                }
            } catch {
                continuation.resume(returning: watch(sink))
            }
        }
    }

    private func watch(_ sink: (StepOutput) -> Void) -> ChildProcess.Exit {
        var slots = [output.raw, errors.raw, wake.raw].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        while slots[0].fd >= 0 || slots[1].fd >= 0 {
            guard poll(&slots, 3, -1) > 0 else { continue }
            if slots[2].revents != 0 {
                slots[2].fd = -1
                end()
            }
            for (index, stream) in [StepOutput.Stream.stdout, .stderr].enumerated()
            where slots[index].revents != 0 {
                let bytes = (try? Descriptors.read(slots[index].fd)) ?? nil
                if let bytes, !bytes.isEmpty {
                    sink(StepOutput(stream, bytes))
                } else {
                    slots[index].fd = -1
                }
            }
        }
        return child.reap()
    }

    /// Kills the container and whoever started it. A container that is only being made goes with its maker's state.
    private func end() {
        child.signal(SIGTERM)
        for arguments in [["kill", id, "KILL"], ["delete", "--force", id]] {
            guard let null = try? FileDescriptor.open("/dev/null", O_RDWR) else { continue }
            let inherit = [0, 1, 2].map { ChildProcess.Inheritance(null.raw, as: $0) }
            _ = try? ChildProcess(program, ["--root", root] + arguments, inherit: inherit).reap()
        }
        child.signal(SIGKILL)
    }
}
