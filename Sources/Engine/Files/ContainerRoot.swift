import CLinux
import Glibc
import Host
import Images

/// A container's files, reached through a descriptor of its root: no link in them leads out of the container.
final class ContainerRoot: Sendable {
    private let root: Int32
    /// A mount of ours, for a container that does not run.
    private let mountPoint: String?

    /// The files of a running container, seen as it sees them.
    init(processID: Int32) throws(EngineError) {
        root = try Self.openFolder("/proc/\(processID)/root")
        mountPoint = nil
    }

    /// The files of a container that does not run: its layers, mounted where nobody else sees it, and its volumes.
    ///
    /// - Parameter volumes: folders of the host by their place in the container.
    init(
        lowers: [String], folder: InstanceFolder, isRootless: Bool,
        volumes: [(target: String, source: String)]
    ) throws(EngineError) {
        let point = "\(folder.run)/mount-\(UInt64.random(in: 0 ... .max))"
        do {
            try folder.make()
            try Folder.create(point)
        } catch {
            throw EngineError(error)
        }
        let overlay = BundlePlan.overlay(
            lower: lowers, upper: folder.upper, work: folder.work, isRootless: isRootless)
        guard viv_mount_overlay(point, (overlay.options ?? []).joined(separator: ",")) == 0 else {
            let failure = SystemError("mount the files of the container")
            rmdir(point)
            throw EngineError(failure)
        }
        mountPoint = point
        do {
            root = try Self.openFolder(point)
        } catch {
            viv_unmount(point)
            rmdir(point)
            throw error
        }
        for volume in volumes { bind(volume.source, at: volume.target) }
    }

    /// The files of a container as its layers have them, for reading alone.
    ///
    /// - Parameter layers: top first.
    init(reading layers: [String], folder: InstanceFolder, isRootless: Bool) throws(EngineError) {
        let point = "\(folder.run)/mount-\(UInt64.random(in: 0 ... .max))"
        do {
            try folder.make()
            try Folder.create(point)
        } catch {
            throw EngineError(error)
        }
        let options = "lowerdir=\(LowerFolders.option(layers))" + (isRootless ? ",userxattr" : "")
        guard viv_mount_overlay(point, options) == 0 else {
            let failure = SystemError("mount the files of the container")
            rmdir(point)
            throw EngineError(failure)
        }
        mountPoint = point
        root = try Self.openFolder(point)
    }

    deinit {
        close(root)
        guard let mountPoint else { return }
        _ = viv_unmount(mountPoint)
        rmdir(mountPoint)
    }

    private static func openFolder(_ path: String) throws(EngineError) -> Int32 {
        let raw = viv_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard raw >= 0 else { throw EngineError(SystemError("open the files of the container")) }
        return raw
    }

    /// Best effort: what cannot be bound is not there. A folder's place is made, as the start would make it.
    private func bind(_ source: String, at target: String) {
        var info = stat()
        if stat(source, &info) == 0, info.st_mode & S_IFMT == S_IFDIR { makeFolder(target) }
        let raw = viv_open_in_root(root, target, VIV_PATH_ONLY, 0)
        guard raw >= 0 else { return }
        defer { close(raw) }
        _ = viv_mount_bind(source, "/proc/self/fd/\(raw)")
    }

    private func makeFolder(_ path: String) {
        var done = "/"
        for name in path.split(separator: "/") {
            if let parent = try? open(done, O_RDONLY | O_DIRECTORY) {
                mkdirat(parent.raw, String(name), 0o755)
            }
            done += "\(name)/"
        }
    }

    /// Opens `path`; the caller owns the descriptor.
    func open(_ path: String, _ flags: Int32 = O_RDONLY) throws(EngineError) -> FileDescriptor {
        let raw = FileName.with(path) { viv_open_in_root(root, $0, flags, 0) }
        if raw >= 0 { return FileDescriptor(owning: raw) }
        guard errno == ENOENT || errno == ENOTDIR else { throw EngineError(SystemError("open \(path)")) }
        throw EngineError(.notFound, "Could not find the file \(path) in container")
    }

    /// Where `path` lies once all links are resolved, as the container sees it.
    func resolve(_ path: String) throws(EngineError) -> String {
        let file = try open(path, VIV_PATH_ONLY)
        let whole = Self.link("/proc/self/fd/\(file.raw)")
        let base = Self.link("/proc/self/fd/\(root)")
        guard base != "/", whole.hasPrefix(base) else { return whole }
        let rest = String(whole.dropFirst(base.count))
        return rest.isEmpty ? "/" : rest
    }

    static func link(_ path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4097)
        let length = FileName.with(path) { readlink($0, &buffer, 4096) }
        return FileName.decode(buffer[..<max(length, 0)].map { UInt8(bitPattern: $0) })
    }

    /// The root as a folder of ours, for those who read all of it.
    var path: String { "/proc/self/fd/\(root)" }
}
