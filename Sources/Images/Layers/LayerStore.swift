import CLinux
import Glibc
import Host

/// Unpacked layers by the digest of their tar: `HEX/diff` is the folder, `HEX/layer.json` says how it came about.
///
/// They are no more than a cache of blobs, except for layers that were made here: these have no blob, and
/// `LayerDiff` writes the same tar again when somebody wants it. A layer is renamed into place when it is
/// complete. After that its files may still be on their way to the disk: until `settle` has seen to it the record
/// names the boot it was made in, and layers of another boot are unpacked again.
struct LayerStore: Sendable {
    let root: String
    let watcher: StepWatcher

    struct Record: Codable {
        /// Bytes of files.
        var size: Int64
        /// Set for layers without a blob.
        var made: LayerDiffOptions?
        /// The boot during which it was unpacked, as long as it may not be on disk.
        var boot: String?
        var notes: [String] = []
    }

    init(_ root: String, watcher: @escaping StepWatcher) throws(ImageError) {
        self.root = root
        self.watcher = watcher
        do {
            try Folder.create(root, mode: 0o711)
        } catch {
            throw ImageError(error)
        }
        // Layers that are unpacked at the same time then do not compete for inodes of the same block group: on ext4
        // this halves the time of unpacking.
        if let folder = try? FileDescriptor.open(root, O_RDONLY | O_DIRECTORY) {
            _ = viv_spread_folders(folder.raw)
        }
        let boot = Self.boot
        for name in Folder.names(in: root) {
            let isStale =
                name.hasPrefix(Self.scratchPrefix)
                || record(at: "\(root)/\(name)").map { $0.boot.map { $0 != boot } ?? false } ?? true
            if isStale { FileTree.remove("\(root)/\(name)") }
        }
    }

    private static let scratchPrefix = "unfinished-"

    /// Differs from one start of the host to the next.
    private static let boot: String = {
        let bytes = try? WholeFile.read("/proc/sys/kernel/random/boot_id", limit: 256)
        return bytes.map { String(decoding: $0.prefix { $0 != 0x0a }, as: UTF8.self) } ?? "unknown"
    }()

    func folder(_ diffID: Digest) -> String { "\(place(diffID))/diff" }

    private func place(_ diffID: Digest) -> String { "\(root)/\(diffID.hex)" }

    func record(_ diffID: Digest) -> Record? { record(at: place(diffID)) }

    private func record(at place: String) -> Record? {
        guard let bytes = try? WholeFile.read("\(place)/layer.json", limit: 1 << 16) else { return nil }
        return try? Document.decode(Record.self, from: bytes, as: "record of a layer")
    }

    func has(_ diffID: Digest) -> Bool { FileTree.status(place(diffID), in: AT_FDCWD) != nil }

    /// Every layer with its size.
    func all() -> [(diffID: Digest, size: Int64)] {
        Folder.names(in: root).compactMap { name in
            guard let digest = Digest(.sha256, hex: name) ?? Digest(.sha512, hex: name) else { return nil }
            return (digest, record(digest)?.size ?? 0)
        }
    }

    /// A place for a layer that is being unpacked.
    func begin() throws(ImageError) -> UnfinishedLayer {
        do {
            let path = "\(root)/\(Self.scratchPrefix)\(try Random.name(digits: 24))"
            try Folder.create("\(path)/diff", mode: 0o755)
            watcher(.layerOpened)
            return UnfinishedLayer(path: path)
        } catch {
            throw ImageError(error)
        }
    }

    /// Makes an unpacked layer visible. Where it is there already the first one stays.
    func place(_ layer: UnfinishedLayer, as diffID: Digest, _ record: Record) throws(ImageError) {
        var record = record
        record.boot = Self.boot
        try WholeFile.replace("\(layer.path)/layer.json", with: try Document.encode(record))
        watcher(.layerUnpacked)
        let result = viv_rename_new(layer.path, place(diffID))
        guard result == 0 || errno == EEXIST || errno == ENOTEMPTY else {
            throw ImageError(SystemError("place the layer \(diffID)"))
        }
        watcher(.layerPlaced)
    }

    /// Sees to it that all layers are on disk. Takes as long as the disk does.
    func settle() {
        let open = all().map(\.diffID).filter { record($0)?.boot != nil }
        guard !open.isEmpty, let folder = try? FileDescriptor.open(root, O_RDONLY | O_DIRECTORY),
            viv_sync_file_system(folder.raw) == 0
        else { return }
        for diffID in open {
            guard var record = record(diffID) else { continue }
            record.boot = nil
            if let bytes = try? Document.encode(record) {
                try? WholeFile.replace("\(place(diffID))/layer.json", with: bytes)
            }
        }
    }

    /// Takes a layer away at once; its files go when the returned place is removed.
    func retire(_ diffID: Digest) -> UnfinishedLayer? {
        guard let name = try? Random.name(digits: 24) else { return nil }
        let path = "\(root)/\(Self.scratchPrefix)\(name)"
        return rename(place(diffID), path) == 0 ? UnfinishedLayer(path: path) : nil
    }
}

/// A layer's folder that is removed with all below it when its owner goes, unless it was renamed into place.
final class UnfinishedLayer: Sendable {
    let path: String
    var folder: String { "\(path)/diff" }

    init(path: String) { self.path = path }

    deinit { clear() }

    /// Removes it now, on the caller's thread.
    func clear() { FileTree.remove(path) }
}
