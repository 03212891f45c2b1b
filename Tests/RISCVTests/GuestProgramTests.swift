import Foundation
import Testing

/// The bare-metal programs of Tests/GuestPrograms, each in machine, supervisor and user mode as it asks,
/// under the interpreter. A program ends by a store to the test finisher.
@Suite(.enabled(if: GuestPrograms.areBuildable, "needs riscv64-linux-gnu-gcc (gcc-riscv64-linux-gnu)"))
struct GuestProgramTests {
    @Test func thereAreGuestPrograms() { #expect(GuestPrograms.names.count > 10) }

    @Test(arguments: GuestPrograms.names)
    func guestProgramPassesUnderTheInterpreter(_ name: String) throws {
        let image = try GuestPrograms.image(of: name)
        let machine = try VirtMachine(image: image)
        #expect(try machine.run(limit: 20_000_000) == .passed)
    }
}

/// Finds and assembles the programs.
enum GuestPrograms {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "GuestPrograms")

    /// All but those that need a PLIC and a UART, which the machine of these tests has not: they run end to end.
    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".S") && $0 != "strict-plic.S" }.map { String($0.dropLast(2)) }
            .sorted()
    }()

    static let areBuildable: Bool = {
        let paths = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return paths.contains { FileManager.default.isExecutableFile(atPath: "\($0)/riscv64-linux-gnu-gcc") }
    }()

    /// Assembles one program; returns its flat image, to be loaded at the start of RAM.
    static func image(of name: String) throws -> [UInt8] {
        let output = FileManager.default.temporaryDirectory.appending(path: "guest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: output) }
        let build = try Process.run(folder.appending(path: "build"), arguments: [output.path, name])
        build.waitUntilExit()
        return [UInt8](try Data(contentsOf: output.appending(path: "\(name).bin")))
    }
}
