import CLinux
import Glibc
import Host

enum Environment {
    /// A variable's value; `nil` when it is missing or empty.
    static func value(_ name: String) -> String? {
        guard let text = getenv(name).map({ String(cString: $0) }), !text.isEmpty else { return nil }
        return text
    }

    /// The folder of this program's file.
    static var ownFolder: String {
        guard let path = realpath("/proc/self/exe", nil) else { return "" }
        defer { free(path) }
        return String(cString: path).split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    }
}

enum ProcessLimits {
    /// Each connection and container takes descriptors: all that the host grants may be used. Few arenas of malloc(3)
    /// keep a daemon with little to do small.
    static func adjust() {
        viv_limit_arenas(2)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// Signals as they come, read by a thread of its own.
struct SignalStream: Sendable {
    let stream: AsyncStream<Int32>

    /// Blocks `numbers` in this thread and all that it starts from now on: make it before there are others.
    init(_ numbers: [Int32]) {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        self.stream = stream
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let waiting = set
        _ = try? Host.Thread(name: "signals") {
            var set = waiting
            var number: Int32 = 0
            while sigwait(&set, &number) == 0 { continuation.yield(number) }
        }
    }
}
