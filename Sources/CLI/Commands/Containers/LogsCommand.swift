import ArgumentParser
import Glibc
import Host
import Model

/// `viv logs`: what a container has written.
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what a container has written.",
        discussion: """
            Examples:
              viv logs -f --tail 20 web
              viv logs --since 10m --timestamps web
            """)

    @Flag(name: [.customShort("f"), .long], help: "Go on until the container ends.")
    var follow = false

    @Option(help: ArgumentHelp("Nothing earlier: 10m, a date or a Unix time.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Nothing later.", valueName: "time"))
    var until: String?

    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: ArgumentHelp("Only the last lines, or all.", valueName: "count"))
    var tail = "all"

    @Flag(name: [.customShort("t"), .long], help: "With the time of each line.")
    var timestamps = false

    @Flag(help: "Accepted for Docker's sake: logs keep no other details.")
    var details = false

    @Argument(help: "Name or id.", completion: InstanceNames.completion) var container: String

    func run() throws {
        guard tail == "all" || Int(tail) != nil else {
            throw Failure.badCommandLine("--tail takes a number of lines or all, not '\(tail)'")
        }
        let count = Int(tail).flatMap { $0 < 0 ? nil : "\($0)" }
        let query: [(String, String?)] = [
            ("follow", follow ? "1" : "0"), ("since", try since.map { try Self.stamp($0, "--since") }),
            ("until", try until.map { try Self.stamp($0, "--until") }), ("tail", count),
            ("timestamps", timestamps ? "1" : "0"), ("stdout", "1"), ("stderr", "1"),
        ]
        let client = try DaemonClient.started()
        let exchange = try client.begin(.own(.get, "instances", container, "logs", query: query))
        var splitter = FrameSplitter()
        while let bytes = try exchange.nextBytes() {
            for frame in try splitter.take(bytes) { try Self.write(frame) }
        }
    }

    /// As the API writes moments: seconds since 1970 with nine decimals.
    static func stamp(_ text: String, _ option: String) throws(Failure) -> String {
        let (seconds, rest) = try TimeOption.parse(text, option: option)
            .quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(max(rest, 0))
        return "\(seconds)." + String(repeating: "0", count: 9 - digits.count) + digits
    }

    private static func write(_ frame: Frame) throws {
        switch frame.kind {
        case .output: try Descriptors.writeAll(STDOUT_FILENO, frame.bytes)
        case .error: try Descriptors.writeAll(STDERR_FILENO, frame.bytes)
        default: break
        }
    }
}
