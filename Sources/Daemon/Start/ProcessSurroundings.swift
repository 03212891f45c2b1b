import CLinux
import Glibc
import Host
import Synchronization

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

/// Signals as they come.
///
/// By handlers, not by a mask: the main thread of a program with `await` at its top sleeps in `dispatch_main`, which
/// lets every signal through, and what is not handled would end the process there.
struct SignalStream: Sendable {
    let stream: AsyncStream<Int32>
    /// Where the handlers write; all that may be done in one.
    private static let sink = Atomic<Int32>(-1)

    /// One stream a process.
    init(_ numbers: [Int32]) throws(SystemError) {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        self.stream = stream
        var ends: [Int32] = [-1, -1]
        try checked("make a pipe for signals") { viv_pipe(&ends) }
        let source = ends[0]
        Self.sink.store(ends[1], ordering: .releasing)
        _ = try Host.Thread(name: "signals") {
            while let bytes = try? Descriptors.read(source), !bytes.isEmpty {
                for number in bytes { continuation.yield(Int32(number)) }
            }
        }
        for number in numbers {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                write(SignalStream.sink.load(ordering: .acquiring), &byte, 1)
            }
        }
    }
}
