import Glibc
import Host
import Images

/// A file of a merged view.
struct ViewNode {
    /// Where it really is, the topmost first: one path, or for a folder one of each layer that has part of it.
    let paths: [String]
    let status: stat

    var path: String { paths[0] }
    var kind: mode_t { status.st_mode & S_IFMT }
    var isFolder: Bool { kind == S_IFDIR }
    var isLink: Bool { kind == S_IFLNK }
    var isFile: Bool { kind == S_IFREG }
    var mode: UInt32 { UInt32(status.st_mode & 0o7777) }
}

/// The file system that overlayfs would show of a list of folders, looked at without a mount.
///
/// No path leads out of the folders: links are followed inside the view only, and every component is examined by
/// lstat before it is entered. The folders do not change meanwhile.
struct MergedView: Sendable {
    /// As many as the kernel follows.
    private static let deepestLinks = 40

    /// Top first.
    let layers: [String]

    init(_ layers: [String]) { self.layers = layers }

    var root: ViewNode? {
        let present = layers.filter(Folder.exists)
        guard let first = present.first, let status = Self.status(first) else { return nil }
        return ViewNode(paths: present, status: status)
    }

    static func status(_ path: String) -> stat? {
        var info = stat()
        return FileName.with(path) { lstat($0, &info) } == 0 ? info : nil
    }

    /// The entry `name` of a folder, by overlayfs's rules; a link is not followed.
    func child(_ name: String, of folder: ViewNode) -> ViewNode? {
        var found: [String] = []
        var top: stat?
        for layer in folder.paths {
            let path = "\(layer)/\(name)"
            guard let info = Self.status(path) else { continue }
            if Self.isWhiteout(info) { break }
            guard info.st_mode & S_IFMT == S_IFDIR else {
                return top == nil
                    ? ViewNode(paths: [path], status: info) : found.isEmpty ? nil : folderNode(found, top)
            }
            found.append(path)
            top = top ?? info
            if Self.isOpaque(path) { break }
        }
        return folderNode(found, top)
    }

    private func folderNode(_ paths: [String], _ status: stat?) -> ViewNode? {
        status.map { ViewNode(paths: paths, status: $0) }
    }

    private static func isWhiteout(_ info: stat) -> Bool {
        info.st_mode & S_IFMT == S_IFCHR && info.st_rdev == 0
    }

    private static func isOpaque(_ path: String) -> Bool {
        ["trusted.overlay.opaque", "user.overlay.opaque"].contains { name in
            ExtendedAttributes.value(name, of: path) == [UInt8(ascii: "y")]
        }
    }

    /// What is in a folder, sorted by the bytes of the names.
    func entries(in folder: ViewNode) -> [(name: String, node: ViewNode)] {
        var names = FileNames.list(folder.path)
        if folder.paths.count > 1 {
            let others = Set(folder.paths.dropFirst().flatMap(FileNames.list)).subtracting(names)
            names = FileNames.sorted(names + others)
        }
        return names.compactMap { name in child(name, of: folder).map { (name, $0) } }
    }

    /// Where a path leads: the components of the file itself, without links; what is missing is kept as it is.
    ///
    /// - Parameter followsLast: whether a link at the end is followed, too.
    func resolve(
        _ path: String, followsLast: Bool = true
    ) throws(BuildError) -> (components: [String], node: ViewNode?) {
        var pending = Array(Self.components(path).reversed())
        var walked: [(name: String, node: ViewNode?)] = []
        var links = 0
        while let name = pending.popLast() {
            if name == ".." {
                _ = walked.popLast()
                continue
            }
            let parent = walked.isEmpty ? root : walked.last?.node
            let node = parent.flatMap { $0.isFolder ? child(name, of: $0) : nil }
            guard let node, node.isLink, followsLast || !pending.isEmpty else {
                walked.append((name, node))
                continue
            }
            links += 1
            guard links <= Self.deepestLinks, let target = FileNames.readLink(node.path) else {
                throw BuildError(.stepFailed, "too many links on the way to \(path)")
            }
            if target.hasPrefix("/") { walked = [] }
            pending += Self.components(target).reversed()
        }
        return (walked.map(\.name), walked.isEmpty ? root : walked.last?.node)
    }

    func node(at path: String, followsLast: Bool = true) throws(BuildError) -> ViewNode? {
        try resolve(path, followsLast: followsLast).node
    }

    static func components(_ path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.map(String.init)
    }

    /// The content of a file of the view; `nil` when it is missing, no plain file, or larger than `limit`.
    func content(of path: String, limit: Int) throws(BuildError) -> [UInt8]? {
        guard let node = try node(at: path), node.isFile else { return nil }
        return try? WholeFile.read(node.path, limit: limit)
    }
}
