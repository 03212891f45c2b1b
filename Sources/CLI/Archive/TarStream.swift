import Glibc
import Host

/// Files on their way into an archive, a piece at a time.
final class TarStream {
    enum Source {
        /// A file of ours: its name in the archive and its bytes.
        case file(String, [UInt8])
        /// A file of the host: its path, and its name in the archive.
        case path(String, String)
    }

    private static let piece = 1 << 18

    /// Last first.
    private var pending: [Source]
    private let isExcluded: (String) -> Bool
    private var open: Open?
    private var isFinished = false

    /// A file whose bytes are being sent.
    private final class Open {
        let descriptor: FileDescriptor
        var rest: UInt64
        let size: UInt64

        init(_ descriptor: consuming FileDescriptor, size: UInt64) {
            self.descriptor = descriptor
            self.size = size
            rest = size
        }
    }

    init(entries: [Source]) {
        pending = entries.reversed()
        isExcluded = { _ in false }
    }

    /// Everything below `folder`, under names relative to it; what is excluded is left out with all below it.
    init(folder: String, excluding isExcluded: @escaping (String) -> Bool = { _ in false }) {
        self.isExcluded = isExcluded
        pending = Self.children(of: folder, named: "").reversed()
    }

    func prepend(_ source: Source) { pending.append(source) }

    private static func children(of folder: String, named name: String) -> [Source] {
        Folder.names(in: folder).sorted().map { child in
            .path("\(folder)/\(child)", name.isEmpty ? child : "\(name)/\(child)")
        }
    }

    /// The next bytes; `nil` after the end of the archive.
    func next() throws -> [UInt8]? {
        if let open { return try body(open) }
        while let source = pending.popLast() {
            if let bytes = try begin(source) { return bytes }
        }
        guard !isFinished else { return nil }
        isFinished = true
        return TarEntry.end
    }

    private func begin(_ source: Source) throws -> [UInt8]? {
        switch source {
        case .file(let name, let bytes):
            var entry = TarEntry(name, .file)
            entry.size = UInt64(bytes.count)
            return entry.header + bytes + TarEntry.padding(after: entry.size)
        case .path(let path, let name): return try begin(path, name)
        }
    }

    private func begin(_ path: String, _ name: String) throws -> [UInt8]? {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw SystemError("read \(path)") }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        // Rules may bring files back from below an excluded folder: it is looked through.
        let isLeftOut = isExcluded(name)
        if isFolder { pending += Self.children(of: path, named: name).reversed() }
        guard !isLeftOut, var entry = try Self.entry(path, name, status) else { return nil }
        guard entry.kind == .file else { return entry.header }
        let file = try FileDescriptor.open(path)
        let size = try file.status().size
        entry.size = size
        open = size > 0 ? Open(file, size: size) : nil
        return entry.header
    }

    private static func entry(_ path: String, _ name: String, _ status: stat) throws -> TarEntry? {
        var entry: TarEntry
        switch status.st_mode & S_IFMT {
        case S_IFREG: entry = TarEntry(name, .file)
        case S_IFDIR: entry = TarEntry(name + "/", .folder)
        case S_IFIFO: entry = TarEntry(name, .fifo)
        case S_IFLNK:
            entry = TarEntry(name, .symbolicLink)
            var target = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(path, &target, target.count)
            guard count >= 0 else { throw SystemError("read the link \(path)") }
            entry.link = String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        default: return nil
        }
        entry.mode = status.st_mode & 0o7777
        entry.user = status.st_uid
        entry.group = status.st_gid
        entry.modified = Int64(status.st_mtim.tv_sec)
        return entry
    }

    /// A file that shrinks meanwhile is filled up with zeros: its size has been told already.
    private func body(_ file: Open) throws -> [UInt8] {
        let wanted = Int(min(UInt64(Self.piece), file.rest))
        var bytes = try Descriptors.read(file.descriptor.raw, limit: wanted) ?? []
        if bytes.isEmpty { bytes = [UInt8](repeating: 0, count: wanted) }
        file.rest -= UInt64(bytes.count)
        guard file.rest == 0 else { return bytes }
        open = nil
        return bytes + TarEntry.padding(after: file.size)
    }
}
