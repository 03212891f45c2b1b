import Glibc
import Host

@testable import Images

/// A folder of a test's own, removed with all below it.
final class ScratchFolder {
    let path: String

    init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        path = "\(base)/images-test-\(try Random.name(digits: 12))"
        try Folder.create(path, mode: 0o755)
    }

    deinit { FileTree.remove(path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a file with its folders.
    func write(_ name: String, _ bytes: [UInt8]) throws {
        let parts = name.split(separator: "/")
        if parts.count > 1 { try Folder.create("\(path)/\(parts.dropLast().joined(separator: "/"))") }
        let file = try FileDescriptor.open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        try Descriptors.writeAll(file.raw, bytes)
    }
}

/// Numbers from a seed that a failing test names (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

enum Archive {
    /// The tar that `build` writes.
    static func make(_ build: (TarWriter) throws -> Void) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = TarWriter(sink)
        try build(writer)
        try writer.finish()
        return sink.bytes
    }

    /// A tar of files with their contents.
    static func of(_ files: [String: String]) throws -> [UInt8] {
        try make { writer in
            for (name, text) in files.sorted(by: { $0.key < $1.key }) {
                try writer.add(TarEntry(path: name, kind: .file), data: Array(text.utf8))
            }
        }
    }

    /// Every member with its data.
    static func read(_ bytes: [UInt8]) throws -> [(entry: TarEntry, data: [UInt8])] {
        let reader = TarReader(MemorySource(bytes))
        var members: [(TarEntry, [UInt8])] = []
        while let entry = try reader.next() { members.append((entry, try reader.readAll(limit: 64 << 20))) }
        return members
    }

    /// Unpacks into a folder that must exist.
    @discardableResult
    static func unpack(_ bytes: [UInt8], into folder: String, limits: LayerLimits = LayerLimits()) throws
        -> UnpackReport
    {
        try LayerUnpacker(into: folder, limits: limits).unpack(TarReader(MemorySource(bytes)))
    }

    static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let sink = MemorySink()
        let gzip = try GzipSink(sink)
        try gzip.write(bytes)
        try gzip.finish()
        return sink.bytes
    }
}

func readFile(_ path: String) throws -> [UInt8] {
    try FileSource(path: path).readAll(limit: 64 << 20, as: path)
}

/// An unlinked file that holds `bytes`, at its start.
func openFile(_ bytes: [UInt8]) throws -> FileDescriptor {
    let file = try FileDescriptor.unlinked(in: "/tmp")
    try Descriptors.writeAll(file.raw, bytes)
    lseek(file.raw, 0, SEEK_SET)
    return file
}
