import CLinux
import Glibc
import Host
import Images
import Model

// `cp` and `export`.
extension Engine {
    /// The container's files, as it sees them when it runs.
    func root(_ entry: Entry) async throws(EngineError) -> ContainerRoot {
        guard entry.container != nil else {
            throw EngineError(.unsupported, "the files of a machine are on its disks")
        }
        if entry.isRunning {
            let pid = entry.instance.processID
            return try await blocking { try ContainerRoot(processID: pid) }
        }
        let lowers = try await lowers(entry)
        let (folder, isRootless) = (layout.folder(entry.id), configuration.isRootless)
        let volumes = entry.instance.mounts.filter { $0.kind == .volume || $0.kind == .bind }
            .sorted { $0.target < $1.target }.map { (target: $0.target, source: $0.source) }
        return try await blocking {
            try ContainerRoot(lowers: lowers, folder: folder, isRootless: isRootless, volumes: volumes)
        }
    }

    package func pathStatus(_ name: String, path: String) async throws(EngineError) -> PathStatus {
        let entry = try entry(name)
        return try await exclusively(entry.key) { () async throws(EngineError) in
            let root = try await root(entry)
            return try await blocking { try root.status(path) }
        }
    }

    /// A tar of a file or folder.
    package func archive(
        _ name: String, path: String
    ) async throws(EngineError) -> (status: PathStatus, tar: ByteStream) {
        let entry = try entry(name)
        return try await exclusively(entry.key) { () async throws(EngineError) in
            let root = try await root(entry)
            let status = try await blocking { try root.status(path) }
            let channel = ByteChannel()
            pour(into: channel) {
                let item = try root.locate(path)
                let parent = try root.open(item.folder, O_RDONLY | O_DIRECTORY)
                var archive = TreeArchive(channel)
                try archive.write(item.name, in: parent.raw, as: status.name)
            }
            tell(event(entry, "archive-path", ["path": path]))
            return (status, ByteChannel.stream(channel))
        }
    }

    /// Runs `body`, which fills the channel, on a thread of its own: the client may take its time.
    private func pour(into channel: ByteChannel, _ body: @escaping @Sendable () throws -> Void) {
        let run: @Sendable () -> Void = {
            do {
                try body()
                try channel.finish()
                channel.close()
            } catch {
                channel.close(EngineError(error))
            }
        }
        do {
            try Thread(name: "archive", run).detach()
        } catch {
            channel.close(EngineError(error))
        }
    }

    /// Unpacks a tar, packed or not, into the folder `path`.
    ///
    /// - Parameters:
    ///   - keepsKinds: refuse to replace a folder by a file or the other way round.
    ///   - keepsOwners: owners are the archive's, in place of root.
    package func unpack(
        _ name: String, path: String, tar: ByteStream, keepsKinds: Bool = false, keepsOwners: Bool = true
    ) async throws(EngineError) {
        let entry = try entry(name)
        if entry.container?.hasReadOnlyRoot == true, !isBelowMount(entry, path) {
            throw EngineError(.forbidden, "container rootfs is marked read-only")
        }
        try await exclusively(entry.key) { () async throws(EngineError) in
            let root = try await root(entry)
            let source = StreamSource()
            let feeding = Task { await source.feed(from: tar) }
            defer {
                source.finish()
                feeding.cancel()
            }
            try await onOwnThread("unpack") {
                let folder = try root.open(path, O_RDONLY | O_DIRECTORY)
                let powers = HostPowers(
                    setsOwners: keepsOwners && HostPowers.current.setsOwners,
                    isHostRoot: HostPowers.current.isHostRoot)
                let unpacker = try LayerUnpacker(into: "/proc/self/fd/\(folder.raw)", powers: powers)
                _ = try unpacker.unpack(TarReader(try Compression.unpacked(source)))
            }
            tell(event(entry, "extract-to-dir", ["path": path]))
        }
    }

    private func isBelowMount(_ entry: Entry, _ path: String) -> Bool {
        let clean = PathText.clean(path)
        return entry.instance.mounts.contains { mount in
            !mount.isReadOnly && (clean == mount.target || clean.hasPrefix(mount.target + "/"))
        }
    }

    /// A tar of all the files of a container, without volumes.
    package func export(_ name: String) async throws(EngineError) -> ByteStream {
        let entry = try entry(name)
        guard entry.container != nil else {
            throw EngineError(.unsupported, "the files of a machine are on its disks")
        }
        let lowers = try await lowers(entry)
        let folder = layout.folder(entry.id)
        let isRootless = configuration.isRootless
        // A second overlay over the same upper folder is not allowed; as a further lower layer it may be read.
        let channel = ByteChannel()
        pour(into: channel) {
            let root = try ContainerRoot(
                reading: [folder.upper] + lowers, folder: folder, isRootless: isRootless)
            try LayerDiff(channel).write(root.path)
        }
        tell(event(entry, "export"))
        return ByteChannel.stream(channel)
    }
}

extension ContainerRoot {
    /// The folder that `path` lies in, and its name there; links in the last part are not followed.
    func locate(_ path: String) throws(EngineError) -> (folder: String, name: String) {
        let clean = PathText.clean(path)
        let followed = path.hasSuffix("/") || path.hasSuffix("/.") ? try resolve(path) : clean
        guard followed != "/" else { return ("/", ".") }
        return (PathText.parent(followed), PathText.lastName(followed))
    }

    func status(_ path: String) throws(EngineError) -> PathStatus {
        let (folder, name) = try locate(path)
        let parent = try open(folder, O_RDONLY | O_DIRECTORY)
        var info = stat()
        guard FileName.with(name, { fstatat(parent.raw, $0, &info, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            throw EngineError(.notFound, "Could not find the file \(path) in container")
        }
        var target = ""
        if info.st_mode & S_IFMT == S_IFLNK {
            let text = Self.link("/proc/self/fd/\(parent.raw)/\(name)")
            let whole = text.hasPrefix("/") ? text : "\(PathText.parent(PathText.clean(path)))/\(text)"
            target = (try? resolve(whole)) ?? PathText.clean(whole)
        }
        return PathStatus(
            name: PathText.lastName(PathText.clean(path)), size: Int64(info.st_size), mode: info.st_mode,
            modified: Double(info.st_mtim.tv_sec) + Double(info.st_mtim.tv_nsec) / 1e9, linkTarget: target)
    }
}
