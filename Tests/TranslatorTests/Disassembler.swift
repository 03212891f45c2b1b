import Foundation
import Translator

/// What binutils make of emitted bytes: an opinion of the encoding that is not ours.
enum Disassembler {
    static let path = "/usr/bin/objdump"
    static let isInstalled = FileManager.default.isExecutableFile(atPath: path)

    /// Assembles with `body` and returns one line an instruction, in Intel's syntax with single spaces.
    static func lines(_ body: (inout Assembler) -> Void) throws -> [String] {
        let room = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 20)
        defer { room.deallocate() }
        var assembler = Assembler(at: room)
        body(&assembler)
        let bytes = Data(bytes: room, count: assembler.cursor - room)
        let file = FileManager.default.temporaryDirectory.appending(path: "vivarium-\(UUID().uuidString)")
        try bytes.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try run(file.path()).split(separator: "\n").compactMap(instruction)
    }

    private static func run(_ file: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = ["-D", "-w", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", file]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self)
    }

    /// `offset: <tab> bytes <tab> instruction`
    private static func instruction(_ line: Substring) -> String? {
        let fields = line.split(separator: "\t")
        guard fields.count == 3 else { return nil }
        return fields[2].split(separator: " ").joined(separator: " ")
    }
}
