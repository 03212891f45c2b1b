import Foundation
import Model
import ProgramDriver
import Testing

/// What goes wrong before a guest runs: one line that says what and what to do, and the documented code.
struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let code: ExitCode
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ code: ExitCode, _ arguments: String...) {
            self.code = code
            self.arguments = arguments
        }
    }

    private static func file(_ name: String, _ bytes: [UInt8]) -> String {
        let file = Programs.scratch.appending(path: name)
        try? Data(bytes).write(to: file)
        return file.path()
    }

    private static let noise = file(
        "noise", (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 >> 5) })
    private static let host = "/proc/self/exe"
    private static let empty = file("empty", [])

    static let cases = [
        Case(.badCommandLine, "--colour"),
        Case(.badCommandLine, "--cpus", "9", "--kernel", noise),
        Case(.badCommandLine, "--memory", "lots", "--kernel", noise),
        Case(.badCommandLine, "no-such-guest"),
        Case(.badCommandLine),
        Case(.unusableFile, "--kernel", "/does/not/exist"),
        Case(.unusableFile, "--kernel", "/tmp"),
        Case(.unusableFile, "--kernel", noise),
        Case(.unusableFile, "--kernel", empty),
        Case(.unusableFile, "--kernel", host),
        Case(.unusableFile, "--firmware", noise, "--initrd", "/does/not/exist"),
        Case(.unusableFile, "--firmware", noise, "--disk", "/tmp"),
        Case(.unusableFile, "--firmware", noise, "--disk", "/does/not/exist"),
        Case(.refused, "--firmware", noise, "--memory", "64T"),
        Case(.refused, "--firmware", noise, "--accel", "kvm"),
    ]

    @Test(arguments: cases)
    func isOneLineWithTheDocumentedCode(_ bad: Case) throws {
        let answer = try Command.run(Programs.viv, ["boot"] + bad.arguments)
        #expect(!answer.wasKilled)
        #expect(answer.code == bad.code.rawValue, "\(answer.errors)")
        #expect(answer.output.isEmpty)
        #expect(!answer.errors.isEmpty)
        // A bad command line is followed by the usage; everything else is one line.
        if bad.code != .badCommandLine {
            #expect(answer.errors.split(separator: "\n").count == 1, "\(answer.errors)")
        }
    }

    @Test func aPortInUseIsRefused() throws {
        let server = try PageServer(page: "")
        let forward = "user,forward=tcp:127.0.0.1:\(server.port)-:22"
        let answer = try Command.run(Programs.viv, ["boot", "--firmware", Self.noise, "--net", forward])
        #expect(answer.code == ExitCode.refused.rawValue, "\(answer.errors)")
        #expect(answer.errors.split(separator: "\n").count == 1)
    }

    @Test func aMachineWithoutAParentExplainsItself() throws {
        let answer = try Command.run(Programs.machine, ["--help"])
        #expect(answer.code == ExitCode.badCommandLine.rawValue)
        #expect(answer.errors.contains("viv boot"))
    }
}
