import Foundation
import Glibc
import Host

/// A program that runs beside the test. It is killed when nobody has it any more.
///
/// Not Foundation's `Process`: that keeps descriptors until somebody else lets go of them, and reading from its pipes
/// ends the test program when a signal interrupts it.
package final class RunningProgram: @unchecked Sendable {
    // SAFETY: `exit` and `input` are guarded by `lock`; the rest is constant.

    package let output = Collector()
    package let errors = Collector()
    private let child: ChildProcess
    private let lock = NSLock()
    private var exit: ChildProcess.Exit?
    private var input: Int32

    /// Starts a program, found on the PATH when its name has no slash.
    /// - Parameters:
    ///   - hasInput: whether `type` will be used; otherwise the program reads /dev/null.
    ///   - log: a descriptor that takes both outputs in place of `output` and `errors`.
    package init(
        _ program: String, _ arguments: [String], hasInput: Bool = false, log: Int32? = nil,
        environment: [String: String] = Command.environment
    ) throws {
        var reader = open("/dev/null", O_RDONLY | O_CLOEXEC)
        input = -1
        if hasInput {
            close(reader)
            (reader, input) = Collector.pipe()
        }
        defer { close(reader) }
        child = try ChildProcess(
            program, arguments,
            inherit: [
                .init(reader, as: 0), .init(log ?? output.writer, as: 1), .init(log ?? errors.writer, as: 2),
            ],
            group: .ours, environment: environment.map { "\($0)=\($1)" })
        output.begin()
        errors.begin()
    }

    deinit {
        closeInput()
        if isRunning {
            child.signal(SIGKILL)
            _ = child.reap()
        }
    }

    package var pid: pid_t { child.pid }

    package var isRunning: Bool { wait(0) == nil }

    package func signal(_ number: Int32) { child.signal(number) }

    /// Waits for the end, `seconds` at most.
    @discardableResult
    package func wait(_ seconds: Double) -> ChildProcess.Exit? {
        var watched = pollfd(fd: child.pidfd, events: Int16(POLLIN), revents: 0)
        let deadline = Date(timeIntervalSinceNow: seconds)
        repeat {
            let rest = max(deadline.timeIntervalSinceNow * 1000, 0)
            if poll(&watched, 1, Int32(rest)) == 1 { return reap() }
        } while Date.now < deadline
        return nil
    }

    private func reap() -> ChildProcess.Exit {
        lock.lock()
        defer { lock.unlock() }
        let exit = exit ?? child.reap()
        self.exit = exit
        return exit
    }

    /// Writes to the program's input; what it does not read before its end is dropped.
    package func type(_ bytes: Data) {
        var rest = [UInt8](bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    package func closeInput() {
        lock.lock()
        defer { lock.unlock() }
        if input >= 0 { close(input) }
        input = -1
    }
}
