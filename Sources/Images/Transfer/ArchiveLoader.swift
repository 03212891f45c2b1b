import Glibc
import Host

/// Reads an archive of images, once and from front to back: `docker save` of any age, or an OCI layout in a tar.
///
/// Only the end of the archive says what its files are, so every file becomes a blob. What looks like a layer is
/// unpacked on another thread while the next file is read; a blob is named after that, when it is on disk.
final class ArchiveLoader {
    /// An image of the archive, with everything that it needs in the store.
    struct Found: Sendable {
        let id: Digest
        let manifest: Manifest
        /// The manifest's bytes where the archive had them.
        let manifestBytes: [UInt8]?
        let layers: [Layer]
        let names: [Reference]
    }

    /// Layers in work at a time.
    private static let maximumThreads = 4
    private static let maximumFiles = 20_000

    private let work: LayerWork
    private let progress: ProgressSink
    private var files: [String: Digest] = [:]
    private var links: [String: String] = [:]
    private var sizes: [Digest: Int64] = [:]
    private var contents: [Digest: Layer.Content] = [:]
    private var running: [(Digest, Background<Layer.Content>)] = []

    init(_ work: LayerWork, progress: @escaping ProgressSink) {
        self.work = work
        self.progress = progress
    }

    func load(_ source: any ByteSource, platform: Platform) throws(ImageError) -> [Found] {
        defer { for (_, thread) in running { _ = try? thread.join() } }
        let reader = TarReader(try Compression.unpacked(source))
        while let entry = try reader.next() { try take(entry, reader) }
        while !running.isEmpty { try joinFirst() }
        let archive = LoadedArchive(
            content: work.content, digests: resolvedFiles(), sizes: sizes, contents: contents)
        let found = try archive.images(platform)
        guard !found.isEmpty else {
            throw ImageError(
                .invalid, "this archive holds no image: neither manifest.json nor index.json names one")
        }
        return found
    }

    private func take(_ entry: TarEntry, _ reader: TarReader) throws(ImageError) {
        guard let parts = FileTree.components(entry.path) else {
            throw ImageError(.invalid, "the archive names '\(entry.path)', which leads out of it")
        }
        let path = parts.joined(separator: "/")
        switch entry.kind {
        case .symbolicLink: links[path] = Self.join(parts.dropLast(), entry.link)
        case .hardLink: links[path] = Self.join([], entry.link)
        // Files of formats before 2016, that say nothing new.
        case .file where ["VERSION", "json"].contains(parts.last) && parts.count > 1: return
        case .file:
            guard files.count < Self.maximumFiles else {
                throw ImageError(.invalid, "the archive has too many files")
            }
            files[path] = try store(entry, reader)
        default: return
        }
    }

    /// The place a link leads to, `..` taken literally.
    private static func join(_ folder: ArraySlice<Substring>, _ link: String) -> String {
        var parts = link.hasPrefix("/") ? [] : Array(folder)
        for part in link.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    private func resolvedFiles() -> [String: Digest] {
        var result = files
        for (path, target) in links { result[path] = files[target] ?? links[target].flatMap { files[$0] } }
        return result
    }

    /// Writes a file into the store and, when it is a layer, has it unpacked.
    private func store(_ entry: TarEntry, _ reader: TarReader) throws(ImageError) -> Digest {
        let writer = try work.content.writer()
        var start: [UInt8] = []
        try reader.readData { bytes throws(ImageError) in
            if start.count < TarHeader.blockSize { start += bytes.prefix(TarHeader.blockSize) }
            try writer.write(bytes)
        }
        let digest = writer.digest
        if sizes[digest] != nil { return digest }
        sizes[digest] = writer.count
        guard try Self.isLayer(start) else {
            if work.content.size(digest) != writer.count { try writer.commit() }
            return digest
        }
        progress(.init(id: digest.short, .loading, current: writer.count, total: writer.count))
        try startUnpacking(writer, digest, isPlain: try Compression.detect(start) == .none)
        return digest
    }

    private func startUnpacking(_ writer: BlobWriter, _ digest: Digest, isPlain: Bool) throws(ImageError) {
        if running.count >= Self.maximumThreads { try joinFirst() }
        writer.startWriting()
        let work = work
        let progress = progress
        let thread = try Background("load") { () throws(ImageError) in
            progress(.init(id: digest.short, .extracting, total: writer.count))
            let content = try work.unpack(
                try writer.source(), packedSize: writer.count, as: isPlain ? digest : nil)
            if work.content.size(digest) != writer.count { try writer.commit() }
            progress(.init(id: digest.short, .pullComplete))
            return content
        }
        running.append((digest, thread))
    }

    private func joinFirst() throws(ImageError) {
        let (digest, thread) = running.removeFirst()
        contents[digest] = try thread.join()
    }

    /// Whether the first block of a file is that of a tar, or packed.
    private static func isLayer(_ start: [UInt8]) throws(ImageError) -> Bool {
        if try Compression.detect(start) != .none { return true }
        guard start.count >= TarHeader.blockSize else { return false }
        return start.withUnsafeBytes { bytes in
            let block = UnsafeRawBufferPointer(rebasing: bytes[..<TarHeader.blockSize])
            return TarHeader.isZero(block) || (try? TarHeader.parse(block)) != nil
        }
    }
}
