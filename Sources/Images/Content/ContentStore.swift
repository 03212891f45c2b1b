import CLinux
import Glibc
import Host

/// Blobs by digest: `blobs/sha256/HEX`. A blob is visible only when it is whole, verified and on disk.
struct ContentStore: Sendable {
    /// Where blobs are written before they have names; emptied when the store is opened.
    private let scratch: String
    private let blobs: String
    let watcher: StepWatcher

    init(_ root: String, watcher: @escaping StepWatcher) throws(ImageError) {
        scratch = "\(root)/ingest"
        blobs = "\(root)/blobs"
        self.watcher = watcher
        FileTree.remove(scratch)
        do {
            try Folder.create(scratch, mode: 0o700)
            for algorithm in ["sha256", "sha512"] { try Folder.create("\(blobs)/\(algorithm)", mode: 0o700) }
        } catch {
            throw ImageError(error)
        }
    }

    func path(_ digest: Digest) -> String { "\(blobs)/\(digest.algorithm.rawValue)/\(digest.hex)" }

    /// Bytes of a blob; `nil` when it is not there.
    func size(_ digest: Digest) -> Int64? {
        FileTree.status(path(digest), in: AT_FDCWD).map { Int64($0.st_size) }
    }

    func has(_ descriptor: Descriptor) -> Bool { size(descriptor.digest) == descriptor.size }

    func source(_ digest: Digest) throws(ImageError) -> any ByteSource {
        guard size(digest) != nil else {
            throw ImageError(.notFound, "the content \(digest) is not in the store")
        }
        return try FileSource(path: path(digest))
    }

    /// A document; it is verified again, as it is small.
    func read(_ digest: Digest) throws(ImageError) -> [UInt8] {
        let bytes = try source(digest).readAll(limit: Document.maximumSize, as: "the document \(digest)")
        var hash = ContentHash(digest.algorithm)
        hash.update(bytes)
        guard hash.finish() == digest else {
            throw ImageError(.corrupt, "\(path(digest)) was changed on disk")
        }
        return bytes
    }

    /// Begins a blob. What is written is thrown away unless it is committed.
    func writer(_ algorithm: Digest.Algorithm = .sha256) throws(ImageError) -> BlobWriter {
        let writer = try BlobWriter(store: self, path: try newScratch(), algorithm)
        watcher(.blobOpened)
        return writer
    }

    /// Stores a document; the same bytes again are no work.
    @discardableResult
    func put(_ bytes: [UInt8]) throws(ImageError) -> Digest {
        let digest = Digest.of(bytes)
        if size(digest) == Int64(bytes.count) { return digest }
        let writer = try writer()
        try writer.write(bytes)
        return try writer.commit().digest
    }

    func newScratch() throws(ImageError) -> String {
        do {
            return "\(scratch)/\(try Random.name(digits: 24))"
        } catch {
            throw ImageError(error)
        }
    }

    func remove(_ digest: Digest) { unlink(path(digest)) }

    /// Every blob with its size.
    func all() -> [(digest: Digest, size: Int64)] {
        [Digest.Algorithm.sha256, .sha512].flatMap { algorithm in
            Folder.names(in: "\(blobs)/\(algorithm.rawValue)").compactMap { name in
                guard let digest = Digest(algorithm, hex: name), let size = size(digest) else { return nil }
                return (digest, size)
            }
        }
    }

    /// Makes the name of a blob last.
    fileprivate func syncFolder(_ digest: Digest) {
        if let folder = try? FileDescriptor.open(
            "\(blobs)/\(digest.algorithm.rawValue)", O_RDONLY | O_DIRECTORY)
        {
            fsync(folder.raw)
        }
    }
}

/// A blob on its way into the store, hashed while it is written. Used by one thread at a time.
final class BlobWriter: ByteSink, @unchecked Sendable {
    // SAFETY: one owner at a time; a download hands it on between its attempts only.

    private let store: ContentStore
    /// Where the blob is until it is committed or thrown away.
    let path: String
    private let file: FileDescriptor
    private let sink: DescriptorSink
    private var hash: ContentHash
    private var isCommitted = false
    /// Tells who reads it meanwhile.
    private var growth: BlobGrowth?

    fileprivate init(store: ContentStore, path: String, _ algorithm: Digest.Algorithm) throws(ImageError) {
        self.store = store
        self.path = path
        do {
            file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL)
        } catch {
            throw ImageError(error)
        }
        sink = DescriptorSink(file.raw, name: "a blob")
        hash = ContentHash(algorithm)
    }

    deinit {
        if !isCommitted { unlink(path) }
        abandon()
    }

    /// Bytes so far.
    var count: Int64 { hash.count }

    /// The digest of what was written so far.
    var digest: Digest { hash.finish() }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        hash.update(bytes)
        try sink.write(bytes)
        growth?.advance(to: hash.count)
    }

    func finish() throws(ImageError) {}

    /// Lets the disk begin with what was written.
    func startWriting() { _ = viv_start_writing(file.raw) }

    /// Starts over.
    func reset() throws(ImageError) {
        stopFollowing("the transfer began anew")
        try call("empty a blob") { ftruncate(file.raw, 0) }
        try call("rewind a blob") { lseek(file.raw, 0, SEEK_SET) }
        hash = ContentHash(hash.finish().algorithm)
    }

    /// Reads what is written, from the start, independently of the writing.
    func source() throws(ImageError) -> any ByteSource { try FileSource(path: path) }

    /// Reads from the start what is written, and then what will be. The source ends when `commit` has found the blob
    /// right; it fails, as `unavailable`, when the blob is given up or begun anew.
    func follow() throws(ImageError) -> GrowingSource {
        let growth = growth ?? BlobGrowth()
        growth.advance(to: hash.count)
        self.growth = growth
        return try GrowingSource(path: path, growth: growth)
    }

    /// Ends who follows: the blob will not be whole.
    func abandon() { stopFollowing("the transfer broke off") }

    private func stopFollowing(_ reason: String) {
        growth?.finish(.failure(ImageError(.unavailable, reason)))
        growth = nil
    }

    /// Gives the blob its name, after it is known to be what was expected and is on disk.
    ///
    /// - Returns: digest and size.
    @discardableResult
    func commit(expecting expected: Digest? = nil, size: Int64? = nil) throws(ImageError) -> (
        digest: Digest, size: Int64
    ) {
        let digest = hash.finish()
        if let size, size != hash.count {
            throw ImageError(
                .corrupt,
                "\((expected ?? digest).description) has \(hash.count) bytes, but \(size) were announced")
        }
        if let expected, expected != digest {
            throw ImageError(.corrupt, "what was sent as \(expected) is really \(digest)")
        }
        growth?.finish(.success(()))
        store.watcher(.blobWritten)
        try call("write a blob to disk") { fsync(file.raw) }
        try call("place the blob \(digest)") { rename(path, store.path(digest)) }
        isCommitted = true
        store.syncFolder(digest)
        store.watcher(.blobPlaced)
        return (digest, hash.count)
    }
}
