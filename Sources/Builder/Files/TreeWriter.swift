import CLinux
import Glibc
import Host
import Images

/// What new files get.
struct FileAttributes: Equatable, Sendable {
    /// `nil` keeps the source's owner.
    var owner: StepUser?
    var mode: FileModeChange?
    /// Seconds since 1970, for what has no source.
    var time: Int64
    /// Seconds since 1970 that no time exceeds.
    var latestTime: Int64?
    /// Whether extended attributes of the source come along.
    var keepsAttributes = false
}

/// Puts files into the upper folder of an overlay, as they would land there through the mount.
///
/// Paths are components without links, as `MergedView.resolve` gives them, so none leads out of the folder.
final class TreeWriter {
    let upper: String
    private let below: MergedView
    private let attributes: FileAttributes
    /// The newest time of any file that was copied.
    private(set) var newest: Int64

    /// - Parameter lowers: the folders below `upper`, top first.
    init(upper: String, lowers: [String], attributes: FileAttributes) {
        self.upper = upper
        self.attributes = attributes
        below = MergedView(lowers)
        newest = attributes.time
    }

    /// The file system with what was written so far.
    var view: MergedView { MergedView([upper] + below.layers) }

    /// Folders that were found or made, by the path that led there.
    private var known: [[String]: [String]] = [:]

    /// Follows links on the way to a folder, makes what is missing, and returns where it is.
    func resolveFolder(_ components: [String]) throws(BuildError) -> [String] {
        if let resolved = known[components] { return resolved }
        let resolved = try view.resolve("/" + components.joined(separator: "/")).components
        try makeFolder(resolved)
        known[components] = resolved
        return resolved
    }

    private func place(_ components: some Sequence<String>) -> String {
        components.reduce(upper) { "\($0)/\($1)" }
    }

    /// Makes a folder with every missing one above it; one that is there stays as it is.
    func makeFolder(_ components: [String], owner: StepUser? = nil) throws(BuildError) {
        for count in 0...components.count {
            let path = place(components.prefix(count))
            if let info = MergedView.status(path), info.st_mode & S_IFMT == S_IFDIR {
                if count > 0 || isCopiedUp { continue }
            }
            let name = "/" + components.prefix(count).joined(separator: "/")
            let lower = try below.resolve(name, followsLast: false).node
            if let lower {
                guard lower.isFolder else { throw BuildError(.stepFailed, "\(name) is not a folder") }
                try copyUp(lower, to: path)
            } else {
                try makeNewFolder(path, owner: count == 0 ? .root : owner ?? attributes.owner)
            }
            if count == 0 { isCopiedUp = true }
        }
    }

    /// Whether the root of the upper folder has the attributes of the root below.
    private var isCopiedUp = false

    /// The folder above keeps its time: nothing new came into it.
    private func copyUp(_ lower: ViewNode, to path: String) throws(BuildError) {
        let parent = Self.parent(of: path)
        let before = path == upper ? nil : MergedView.status(parent)?.st_mtim
        try make(path) { mkdir($0, 0o700) == 0 || errno == EEXIST }
        try make(path) { lchown($0, lower.status.st_uid, lower.status.st_gid) == 0 }
        try make(path) { chmod($0, lower.status.st_mode & 0o7777) == 0 }
        copyAttributes(of: lower.path, to: path)
        setTime(path, lower.status.st_mtim)
        if let before { setTime(parent, before) }
    }

    private static func parent(of path: String) -> String {
        path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    }

    private func makeNewFolder(_ path: String, owner: StepUser?) throws(BuildError) {
        try make(path) { mkdir($0, 0o755) == 0 || errno == EEXIST }
        try make(path) { lchown($0, owner?.uid ?? 0, owner?.gid ?? 0) == 0 }
        try make(path) { chmod($0, 0o755) == 0 }
        setTime(path, timespec(tv_sec: Int(attributes.time), tv_nsec: 0))
        if path != upper { touchParent(of: path) }
    }

    /// Copies one file that is no folder to a place whose parent is there. What stood there goes: nobody looks at
    /// the upper folder before it is complete.
    func copy(_ node: ViewNode, to components: [String]) throws(BuildError) {
        let path = place(components)
        try refuseFolder(components)
        _ = FileName.with(path, unlink)
        switch node.kind {
        case S_IFREG: try copyContent(node.path, to: path)
        case S_IFLNK:
            guard let target = FileNames.readLink(node.path) else { throw failure(node.path) }
            try make(path) { path in FileName.with(target) { symlink($0, path) } == 0 }
        case S_IFSOCK: return
        default: try make(path) { mknod($0, node.status.st_mode, node.status.st_rdev) == 0 }
        }
        try finish(path, node)
        touchParent(of: path)
    }

    /// Writes a new file of `content`.
    func write(_ content: [UInt8], to components: [String]) throws(BuildError) {
        let path = place(components)
        try refuseFolder(components)
        try system { () throws(SystemError) in
            unlink(path)
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
            try Descriptors.writeAll(file.raw, content)
        }
        let mode = attributes.mode?.applied(to: 0o644, isDirectory: false) ?? 0o644
        try make(path) { lchown($0, attributes.owner?.uid ?? 0, attributes.owner?.gid ?? 0) == 0 }
        try make(path) { chmod($0, mode_t(mode)) == 0 }
        setTime(path, timespec(tv_sec: Int(attributes.time), tv_nsec: 0))
        touchParent(of: path)
    }

    /// Gives a folder made for a copied one that one's owner, rights and time; call it after its files.
    func finishFolder(_ components: [String], as node: ViewNode) throws(BuildError) {
        try finish(place(components), node)
    }

    /// Folders below the upper one, by where they are: files come in their order.
    private var lowerFolders: [[String]: ViewNode?] = [:]

    private func refuseFolder(_ components: [String]) throws(BuildError) {
        let (parent, name) = (Array(components.dropLast()), components.last ?? "")
        let folder: ViewNode?
        if let known = lowerFolders[parent] {
            folder = known
        } else {
            folder = try below.node(at: "/" + parent.joined(separator: "/"), followsLast: false)
            lowerFolders[parent] = .some(folder)
        }
        let above = MergedView.status(place(components)).map { $0.st_mode & S_IFMT == S_IFDIR }
        let isFolder =
            above ?? folder.flatMap { $0.isFolder ? below.child(name, of: $0) : nil }?.isFolder ?? false
        guard !isFolder else {
            let path = "/" + components.joined(separator: "/")
            throw BuildError(.stepFailed, "\(path) is a folder; a file cannot take its place")
        }
    }

    private func copyContent(_ source: String, to path: String) throws(BuildError) {
        try system { () throws(SystemError) in
            let from = try FileNames.open(source)
            let raw = try checked("write \(path)") {
                FileName.with(path) { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
            }
            let to = FileDescriptor(owning: raw)
            try FileContent.copy(from: from.raw, to: to.raw, name: source)
        }
    }

    private func finish(_ path: String, _ node: ViewNode) throws(BuildError) {
        let owner = attributes.owner ?? StepUser(uid: node.status.st_uid, gid: node.status.st_gid)
        try make(path) { lchown($0, owner.uid, owner.gid) == 0 }
        if !node.isLink {
            let mode = attributes.mode?.applied(to: node.mode, isDirectory: node.isFolder) ?? node.mode
            try make(path) { chmod($0, mode_t(mode)) == 0 }
        }
        if attributes.keepsAttributes { copyAttributes(of: node.path, to: path) }
        setTime(path, node.status.st_mtim)
        newest = max(newest, min(Int64(node.status.st_mtim.tv_sec), attributes.latestTime ?? .max))
    }

    private func copyAttributes(of source: String, to path: String) {
        for (name, value) in (try? ExtendedAttributes.read(source)) ?? [:] {
            if name.hasPrefix("trusted.overlay.") || name.hasPrefix("user.overlay.") { continue }
            _ = FileName.with(path) { viv_set_link_attribute($0, name, value, value.count) }
        }
    }

    /// Whole seconds, as the layer's tar has them, and not beyond the latest time.
    private func setTime(_ path: String, _ time: timespec) {
        let seconds = min(Int64(time.tv_sec), attributes.latestTime ?? .max)
        let times = [timespec](repeating: timespec(tv_sec: Int(seconds), tv_nsec: 0), count: 2)
        _ = FileName.with(path) { utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) }
    }

    /// A folder that got a file has the image's time, not the clock's: the same files give the same layer.
    private func touchParent(of path: String) {
        setTime(Self.parent(of: path), timespec(tv_sec: Int(attributes.time), tv_nsec: 0))
    }

    private func make(_ path: String, _ call: (UnsafePointer<CChar>) -> Bool) throws(BuildError) {
        guard FileName.with(path, call) else { throw failure(path) }
    }

    private func failure(_ path: String) -> BuildError {
        let code = errno
        let name = path.hasPrefix(upper) ? String(path.dropFirst(upper.count)) : path
        return BuildError(.system, SystemError("write \(name.isEmpty ? "/" : name)", code: code).description)
    }
}
