import Glibc

/// Signals as people write them: `SIGTERM`, `term`, `15`, `RTMIN+3`.
enum SignalName {
    private static let numbers: [String: Int32] = [
        "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "ILL": SIGILL, "TRAP": SIGTRAP, "ABRT": SIGABRT,
        "IOT": SIGABRT, "BUS": SIGBUS, "FPE": SIGFPE, "KILL": SIGKILL, "USR1": SIGUSR1, "SEGV": SIGSEGV,
        "USR2": SIGUSR2, "PIPE": SIGPIPE, "ALRM": SIGALRM, "TERM": SIGTERM, "STKFLT": 16, "CHLD": SIGCHLD,
        "CLD": SIGCHLD, "CONT": SIGCONT, "STOP": SIGSTOP, "TSTP": SIGTSTP, "TTIN": SIGTTIN, "TTOU": SIGTTOU,
        "URG": SIGURG, "XCPU": SIGXCPU, "XFSZ": SIGXFSZ, "VTALRM": SIGVTALRM, "PROF": SIGPROF,
        "WINCH": SIGWINCH, "IO": SIGIO, "POLL": SIGIO, "PWR": 30, "SYS": SIGSYS,
    ]

    /// The first and last real-time signals that glibc leaves to programs.
    private static let realTime: ClosedRange<Int32> = 34...64

    /// - Throws: `invalid` when there is no such signal.
    static func number(_ text: String) throws(EngineError) -> Int32 {
        if let number = Int32(text), (1...64).contains(number) { return number }
        let upper = text.uppercased()
        let name = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        if let number = numbers[name] ?? realTimeNumber(name) { return number }
        throw EngineError(.invalid, "there is no signal \"\(text)\"")
    }

    private static func realTimeNumber(_ name: String) -> Int32? {
        let number: Int32? =
            if name == "RTMIN" {
                realTime.lowerBound
            } else if name == "RTMAX" {
                realTime.upperBound
            } else if name.hasPrefix("RTMIN+"), let offset = Int32(name.dropFirst(6)), offset < 32 {
                realTime.lowerBound + offset
            } else if name.hasPrefix("RTMAX-"), let offset = Int32(name.dropFirst(6)), offset < 32 {
                realTime.upperBound - offset
            } else {
                nil
            }
        return number.flatMap { realTime.contains($0) ? $0 : nil }
    }
}
