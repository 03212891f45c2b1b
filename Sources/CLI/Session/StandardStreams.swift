import Glibc
import Host

/// The serial port on this process's standard streams: a raw terminal with Ctrl-A keys where there is
/// one, plain bytes otherwise. The end of the input leaves the guest running.
final class StandardStreams: SerialEnd {
    private let loop: EventLoop
    private let line: SerialLine
    private let output: Outlet
    private let isTerminal: Bool
    private var isWatched = false
    private var keys = EscapeKeys()

    /// Called for Ctrl-A x.
    var endRequested: () -> Void = {}

    /// `output` is 1, or 2 where standard output carries something else.
    init(_ line: SerialLine, loop: EventLoop, output descriptor: Int32) throws(SystemError) {
        self.line = line
        self.loop = loop
        output = Outlet(descriptor, loop: loop, shared: true)
        isTerminal = Terminal.isTerminal(STDIN_FILENO)
        if isTerminal, Self.isForeground { try Terminal.makeRaw(STDIN_FILENO) }
        line.received = { [unowned self] bytes in
            self.output.send(bytes)
            if self.output.isFull { self.line.pauseOutput() }
        }
        output.drained = { [unowned self] in self.line.resumeOutput() }
        line.inputDrained = { [unowned self] in self.resumeInput() }
        resumeInput()
    }

    /// A background job must not change the terminal, nor can it read from it.
    private static var isForeground: Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }

    /// After the process was stopped and continued: the shell has taken the terminal's settings back.
    func resumed() {
        if isTerminal, Self.isForeground { try? Terminal.makeRaw(STDIN_FILENO) }
    }

    func finish() {
        loop.remove(STDIN_FILENO)
        output.flush()
        Terminal.restore()
    }

    private func resumeInput() {
        guard !isWatched else { return }
        do {
            try loop.add(STDIN_FILENO, .read) { [unowned self] _ in self.readInput() }
            isWatched = true
        } catch {
            // A regular file or /dev/null cannot be watched: it is always ready.
            loop.schedule(after: 0) { [weak self] in
                guard let self, self.readInput() else { return }
                self.resumeInput()
            }
        }
    }

    private func pauseInput() {
        loop.remove(STDIN_FILENO)
        isWatched = false
    }

    /// Reads once. False when there is no more, or the guest cannot take more now.
    @discardableResult
    private func readInput() -> Bool {
        let bytes: [UInt8]
        do {
            guard let some = try Descriptors.read(STDIN_FILENO, limit: 4096) else { return false }
            bytes = some
        } catch {
            bytes = []
        }
        guard !bytes.isEmpty else {
            pauseInput()
            return false
        }
        isTerminal ? keys.take(bytes).forEach(perform) : line.send(bytes)
        if line.isInputFull { pauseInput() }
        return !line.isInputFull
    }

    private func perform(_ action: EscapeKeys.Action) {
        switch action {
        case .send(let bytes): line.send(bytes)
        case .end: endRequested()
        case .help: output.send(Array(("\n" + EscapeKeys.help + "\n").replacingNewlines().utf8))
        }
    }
}

extension String {
    /// With a carriage return before each newline, as a raw terminal needs it.
    fileprivate func replacingNewlines() -> String {
        split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    }
}
