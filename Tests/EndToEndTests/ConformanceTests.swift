import Foundation
import ProgramDriver
import Testing

/// The guest programs: instruction groups that test themselves on the bare machine, under both engines.
@Suite(.serialized, .enabled(if: Programs.hasCompiler, "gcc-riscv64-linux-gnu is not installed"))
struct ConformanceTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "GuestPrograms")

    /// Names without their endings. Those that are `strict` need things that a hart may leave out.
    static let programs: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: sources.path())
        return (files ?? []).filter { $0.hasSuffix(".S") }.map { String($0.dropLast(2)) }.sorted()
    }()

    private static let built: Result<URL, any Error> = Result {
        let folder = Programs.scratch.appending(path: "programs")
        let build = try Command.run(sources.appending(path: "build"), [folder.path()], patience: 120)
        guard build.code == 0 else { throw Disappointment(build.errors) }
        return folder
    }

    @Test(arguments: programs, ["interpret", "translate"])
    func passes(_ program: String, under engine: String) throws {
        let file = try Self.built.get().appending(path: "\(program).elf")
        let answer = try Command.run(
            Programs.viv,
            [
                "boot", "--firmware", file.path(), "--accel", engine, "--cpus", "2", "--memory", "64M",
                "--net", "none", "--serial", "stdio",
            ], patience: 120)
        #expect(answer.code == 0, "\(answer.output) \(answer.errors)")
    }
}
