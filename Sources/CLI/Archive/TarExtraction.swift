import Glibc
import Host

/// Writes the files of an archive below one folder of the host, and nowhere else: names with `..` are refused, and
/// no link that the archive itself made is followed.
struct TarExtraction {
    private let root: String
    /// Takes a name of the archive and gives the one it shall have; `nil` leaves it out.
    private let rename: (String) -> String?
    private var reader = TarReader()
    private var current: FileDescriptor.Owner?
    private var folders: [(path: String, mode: mode_t)] = []

    init(to root: String, rename: @escaping (String) -> String?) {
        self.root = root
        self.rename = rename
    }

    mutating func take(_ bytes: [UInt8]) throws {
        for item in try Self.checked({ try reader.take(bytes) }) {
            switch item {
            case .entry(let entry): try begin(entry)
            case .bytes(let bytes):
                if let current { try Descriptors.writeAll(current.raw, bytes) }
            }
        }
    }

    /// Folders get their rights last: before, they might forbid their own files.
    mutating func finish() {
        current = nil
        for folder in folders.reversed() { chmod(folder.path, folder.mode) }
    }

    private static func checked<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let fault as TarReader.Fault {
            throw Failure.refused(fault.description)
        }
    }

    private mutating func begin(_ entry: TarEntry) throws {
        current = nil
        guard let name = rename(entry.name) else { return }
        let parts = name.split(separator: "/").map(String.init).filter { $0 != "." }
        guard !parts.contains("..") else {
            throw Failure.refused("the archive names '\(entry.name)': refused")
        }
        let path = try place(parts, isFolder: entry.kind == .folder)
        switch entry.kind {
        case .folder: folders.append((path, mode_t(entry.mode)))
        case .file:
            unlink(path)
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            fchmod(file.raw, mode_t(entry.mode))
            current = FileDescriptor.Owner(file)
        case .symbolicLink:
            unlink(path)
            guard symlink(entry.link, path) == 0 else { throw SystemError("make the link \(path)") }
        case .hardLink: try hardLink(entry, path)
        case .fifo: mkfifo(path, mode_t(entry.mode))
        }
    }

    private func hardLink(_ entry: TarEntry, _ path: String) throws {
        guard let name = rename(entry.link) else { return }
        let parts = name.split(separator: "/").map(String.init)
        guard !parts.contains("..") else {
            throw Failure.refused("the archive names '\(entry.link)': refused")
        }
        let source = try place(parts, isFolder: false)
        unlink(path)
        guard link(source, path) == 0 else { throw SystemError("make the link \(path)") }
    }

    /// The path for `parts` below the root, with its folders made. A parent that is a link is refused: it would
    /// lead out.
    private func place(_ parts: [String], isFolder: Bool) throws -> String {
        var path = root
        for (index, part) in parts.enumerated() {
            path += "/" + part
            guard isFolder || index < parts.count - 1 else { break }
            var status = stat()
            if lstat(path, &status) != 0 {
                guard mkdir(path, 0o755) == 0 else { throw SystemError("make the folder \(path)") }
            } else if status.st_mode & S_IFMT != S_IFDIR {
                throw Failure.refused("\(path) is in the way: it is no folder")
            }
        }
        return path
    }
}

extension FileDescriptor {
    /// A descriptor in a place that is copied, such as a struct's optional field.
    fileprivate final class Owner {
        private let descriptor: FileDescriptor
        var raw: Int32 { descriptor.raw }

        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
    }
}
