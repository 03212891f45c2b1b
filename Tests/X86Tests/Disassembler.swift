import Foundation
import ProgramDriver

/// A disassembler of others.
enum Disassembler {
    private static let objdump = URL(filePath: "/usr/bin/objdump")
    static let isInstalled = FileManager.default.isExecutableFile(atPath: objdump.path())

    /// Length and text of every instruction of 64-bit code that begins at a multiple of `step`.
    static func disassemble(_ code: [UInt8], step: Int) throws -> [Int: (length: Int, text: Substring)] {
        let file = FileManager.default.temporaryDirectory.appending(path: "disassembly-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(code).write(to: file)
        let result = try Command.run(
            objdump, ["-D", "-z", "-w", "-b", "binary", "-m", "i386:x86-64", file.path()], patience: 120)
        var found: [Int: (Int, Substring)] = [:]
        for line in result.output.utf8.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: "\t"))
            guard fields.count == 3, let place = Substring(fields[0]).split(separator: ":").first,
                let address = Int(place.drop { $0 == " " }, radix: 16), address % step == 0
            else { continue }
            found[address] = (fields[1].split(separator: UInt8(ascii: " ")).count, Substring(fields[2]))
        }
        return found
    }
}
