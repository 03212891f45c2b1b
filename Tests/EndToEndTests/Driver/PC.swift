import Foundation
import ProgramDriver
import Testing

/// A machine on the `pc` board, and the commands that see its screen.
enum PC {
    static func boot(_ image: URL, _ options: String...) throws -> Guest {
        try Guest(
            ["--arch", "x86_64", "--board", "pc", "--disk", image.path(), "--net", "none"] + options)
    }

    static func viv(_ arguments: String...) throws -> String {
        let result = try Command.run(Programs.viv, arguments, patience: 600)
        #expect(result.code == 0, "viv \(arguments): \(result.errors)")
        return result.output
    }

    /// Keeps a picture for people to look at.
    static func keep(_ name: String, of id: String) throws {
        _ = try viv("screenshot", id, try Programs.artefact(name).path())
    }
}
