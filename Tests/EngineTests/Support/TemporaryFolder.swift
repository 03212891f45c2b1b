import Glibc
import Host

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    struct Failure: Error {}

    init(_ name: String = "engine") throws {
        var template = Array("/tmp/\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure() }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Folder.remove(path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Folder.create(file(name).split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })
        try SmallWriter.write(file(name), text)
        return file(name)
    }
}

enum SmallWriter {
    static func write(_ path: String, _ text: String) throws {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        try Descriptors.writeAll(file.raw, Array(text.utf8))
    }
}
