import CLinux
import Glibc
import Host

/// Writes a folder as a tar, in order of names: same tree, same bytes.
///
/// The upper folder of an overlay becomes a layer: overlayfs's whiteouts and opaque folders get AUFS's names (OCI
/// image-spec, layer.md). Hard links are kept, sockets left out.
package final class LayerDiff {
    /// Files whose holes are larger than this are written as sparse ones.
    private static let notableHole: Int64 = 16 << 20

    private let writer: TarWriter
    private let options: LayerDiffOptions
    private let buffer = Chunk()
    private var links: [FileIdentity: String] = [:]
    /// Bytes of files that were written, holes included.
    package private(set) var size: Int64 = 0
    /// Whether holes of files were left out.
    private(set) var hasSparseFiles = false

    private struct FileIdentity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    package init(_ sink: any ByteSink, options: LayerDiffOptions = LayerDiffOptions()) {
        writer = TarWriter(sink)
        self.options = options
    }

    /// Writes everything below `folder` and ends the archive.
    package func write(_ folder: String) throws(ImageError) {
        let raw = try call("open \(folder)") { viv_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        let root = FileDescriptor(owning: raw)
        try writeContents(of: root.raw, path: "")
        try writer.finish()
    }

    private func writeContents(of folder: Int32, path: String) throws(ImageError) {
        for name in try FileTree.names(in: folder).sorted(by: {
            FileName.encode($0).lexicographicallyPrecedes(FileName.encode($1))
        }) {
            let inner = path.isEmpty ? name : "\(path)/\(name)"
            if options.excluded.contains(inner) { continue }
            guard let info = FileTree.status(name, in: folder) else { continue }
            try write(name, in: folder, path: inner, info)
        }
    }

    private func write(_ name: String, in folder: Int32, path: String, _ info: stat) throws(ImageError) {
        guard !name.hasPrefix(Whiteout.prefix) else {
            throw ImageError(
                .invalid, "'\(path)' cannot be put into a layer: names with .wh. stand for removed files")
        }
        let position = "/proc/self/fd/\(folder)/\(name)"
        var attributes = try ExtendedAttributes.read(position)
        let marks = OverlayMarks(taking: &attributes)
        guard !marks.leadsElsewhere else {
            throw ImageError(
                .invalid,
                "'\(path)' holds data elsewhere: the overlay was mounted with redirect_dir or metacopy")
        }
        if Whiteout.isWhiteout(info) || marks.isWhiteout {
            let parent = path.dropLast(name.count)
            return try writer.add(
                TarEntry(path: "\(parent)\(Whiteout.prefix)\(name)", kind: .file, mode: 0o600))
        }
        guard var entry = entry(path, info) else { return }
        entry.attributes = attributes
        switch entry.kind {
        case .directory: try writeFolder(entry, name, in: folder, isOpaque: marks.isOpaque)
        case .file: try writeFile(entry, name, in: folder, info)
        case .symbolicLink:
            entry.link = try target(of: name, in: folder)
            try writeLinked(entry, info)
        default: try writeLinked(entry, info)
        }
    }

    /// `nil` for sockets.
    private func entry(_ path: String, _ info: stat) -> TarEntry? {
        let kind: TarEntry.Kind
        switch info.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .symbolicLink
        case 0o010000: kind = .fifo
        case S_IFCHR: kind = .characterDevice
        case S_IFBLK: kind = .blockDevice
        default: return nil
        }
        var entry = TarEntry(
            path: kind == .directory ? path + "/" : path, kind: kind, mode: UInt32(info.st_mode & 0o7777))
        entry.uid = info.st_uid
        entry.gid = info.st_gid
        entry.modified = time(info)
        if kind == .characterDevice || kind == .blockDevice {
            entry.deviceMajor = viv_device_major(info.st_rdev)
            entry.deviceMinor = viv_device_minor(info.st_rdev)
        }
        return entry
    }

    private func time(_ info: stat) -> TarTime {
        var time = TarTime(seconds: Int64(info.st_mtim.tv_sec), nanoseconds: Int64(info.st_mtim.tv_nsec))
        if options.wholeSeconds { time.nanoseconds = 0 }
        if let latest = options.latestTime { time = min(time, TarTime(seconds: latest)) }
        return time
    }

    private func writeFolder(
        _ entry: TarEntry, _ name: String, in folder: Int32, isOpaque: Bool
    ) throws(ImageError) {
        try writer.begin(entry)
        if isOpaque { try writer.add(TarEntry(path: entry.path + Whiteout.opaque, kind: .file, mode: 0o600)) }
        let raw = try call("open \(entry.path)") {
            FileName.with(name) { viv_openat(folder, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
        }
        let inner = FileDescriptor(owning: raw)
        try writeContents(of: inner.raw, path: String(entry.path.dropLast()))
    }

    /// Writes a link to an earlier name of the same file, or the member itself.
    private func writeLinked(_ entry: TarEntry, _ info: stat) throws(ImageError) {
        if try !writeLink(entry, info) { try writer.begin(entry) }
    }

    private func writeLink(_ entry: TarEntry, _ info: stat) throws(ImageError) -> Bool {
        guard info.st_nlink > 1 else { return false }
        let identity = FileIdentity(device: UInt64(info.st_dev), inode: UInt64(info.st_ino))
        guard let first = links[identity] else {
            links[identity] = entry.path
            return false
        }
        var link = entry
        link.kind = .hardLink
        link.link = first
        link.attributes = [:]
        try writer.begin(link)
        return true
    }

    private func writeFile(_ entry: TarEntry, _ name: String, in folder: Int32, _ info: stat)
        throws(ImageError)
    {
        if try writeLink(entry, info) { return }
        let raw = try call("open \(entry.path)") {
            FileName.with(name) { viv_openat(folder, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0) }
        }
        let file = FileDescriptor(owning: raw)
        var entry = entry
        entry.size = Int64(info.st_size)
        size += entry.size
        if entry.size - Int64(info.st_blocks) * 512 >= Self.notableHole {
            entry.sparse = SparseFile.extents(of: file.raw, size: entry.size)
            hasSparseFiles = true
        }
        try writer.begin(entry)
        for extent in entry.sparse ?? [SparseExtent(offset: 0, length: entry.size)] {
            try copy(extent, of: file.raw, entry.path)
        }
    }

    private func copy(_ extent: SparseExtent, of file: Int32, _ path: String) throws(ImageError) {
        var position = extent.offset
        let end = extent.offset + extent.length
        while position < end {
            let wanted = Int(min(Int64(Chunk.size), end - position))
            let count = try call("read \(path)") {
                pread(file, buffer.bytes.baseAddress, wanted, off_t(position))
            }
            // The writer says what is wrong with a file that has become shorter.
            if count == 0 { return }
            try writer.write(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]))
            position += Int64(count)
        }
    }

    private func target(of name: String, in folder: Int32) throws(ImageError) -> String {
        var target = [CChar](repeating: 0, count: 4097)
        let count = try call("read the link \(name)") {
            FileName.with(name) { readlinkat(folder, $0, &target, target.count) }
        }
        return FileName.decode(target.prefix(count).map { UInt8(bitPattern: $0) })
    }
}
