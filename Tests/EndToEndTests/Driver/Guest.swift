import Foundation
import ProgramDriver
import Testing

/// A machine started by the real `viv`, and its console.
final class Guest {
    /// How long anything may take on a slow and busy host.
    static let patience: Double = 180

    let program: RunningProgram
    /// Where the guest's serial port comes out: with `--json` among the errors.
    private let console: Collector
    private var position = 0

    var output: Collector { program.output }
    var errors: Collector { program.errors }

    /// Runs `viv boot` with these arguments; `wrapper` is a command that is to execute its own last arguments.
    init(_ arguments: [String], wrapper: [String] = []) throws {
        program = try RunningProgram(
            "/usr/bin/env", wrapper + [Programs.viv.path(), "boot"] + arguments, hasInput: true)
        console = arguments.contains("--json") ? program.errors : program.output
    }

    /// Waits until the console has shown `text`, behind what was waited for before. Returns what came between.
    @discardableResult
    func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let start = position
        let deadline = Date(timeIntervalSinceNow: Self.patience)
        guard let end = console.wait(for: text, from: position, until: deadline) else {
            let seen = console.text(from: start).suffix(2000)
            throw Disappointment("no '\(text)' on the console; instead:\n\(seen)\n\(errors.text(from: 0))")
        }
        position = end
        return console.text(from: start, to: end)
    }

    /// Types a line.
    func type(_ line: String) { program.type(Data((line + "\n").utf8)) }

    /// Runs a command in the guest's shell; what it prints, and its exit status.
    func shell(_ command: String) throws -> (text: String, status: Int) {
        let mark = UUID().uuidString.prefix(8)
        // The marks are typed in two parts, so that the echo of the line does not look like them.
        type("echo BEGIN'-'\(mark); \(command); echo END'-'\(mark)-$?-")
        try expect("BEGIN-\(mark)")
        let text = try expect("END-\(mark)-")
        let status = try expect("-").dropLast()
        // CR LF is one character to Swift, and one newline.
        let lines = text.split(whereSeparator: \.isNewline).dropLast()
        return (lines.joined(separator: "\n"), Int(status) ?? -1)
    }

    /// Waits for the end of `viv`; its exit code.
    func exitCode() throws -> Int32 {
        switch program.wait(Self.patience) {
        case .exited(let code), .signalled(let code): return code
        case nil: throw Disappointment("the machine does not end")
        }
    }

    /// Process ids of the children of `viv`: the machine.
    var children: [pid_t] {
        let pid = program.pid
        let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
        return (text ?? "").split(separator: " ").compactMap { pid_t($0) }
    }

    /// The machine's id in `viv ps`.
    var id: String {
        get throws {
            let list = try Command.run(Programs.viv, ["ps", "--format", "json"])
            let pids = children.map(String.init)
            let machines = try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]]
            let mine = machines?.first { pids.contains("\($0["processID"] ?? "")") }
            guard let id = mine?["id"] as? String else {
                throw Disappointment("not in viv ps: \(list.output)")
            }
            return id
        }
    }
}

/// What a test waited for in vain.
struct Disappointment: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// `viv boot busybox`, up to its shell.
func boot(_ options: String...) throws -> Guest {
    let guest = try Guest(["busybox"] + options)
    try guest.expect("# ")
    return guest
}
