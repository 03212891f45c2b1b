import CLinux
import Glibc
import Host

/// Copies a folder out of an image's layers as if they were mounted over one another.
struct LayerCopy {
    /// Top first.
    let folders: [String]

    /// - Returns: whether the image has a folder at `path`; nothing is made otherwise.
    func copy(_ path: String, to target: String) throws -> Bool {
        var sources: [String] = []
        for folder in folders {
            guard let source = try? Subpath.resolve(path, in: folder) else { continue }
            // A link may lead to another place of the same layer, never out of it.
            guard Folder.exists(source) else { break }
            sources.append(source)
            if Self.isOpaque(source) { break }
        }
        guard !sources.isEmpty else { return false }
        var tree = FileTree()
        try Self.merge(sources, target, &tree)
        return true
    }

    private static func merge(_ sources: [String], _ target: String, _ tree: inout FileTree) throws {
        guard let top = sources.first else { return }
        try checked("make \(target)") { mkdir(target, 0o700) }
        var done: Set<String> = []
        for (index, source) in sources.enumerated() {
            for name in Folder.names(in: source) where done.insert(name).inserted {
                let item = "\(source)/\(name)"
                if isWhiteout(item) { continue }
                if Folder.exists(item) {
                    try merge(
                        folders(named: name, from: Array(sources[index...])), "\(target)/\(name)", &tree)
                } else {
                    try tree.copyItem(item, "\(target)/\(name)")
                }
            }
        }
        var info = stat()
        try checked("read \(top)") { lstat(top, &info) }
        try FileTree.copyProperties(top, target, info)
    }

    /// The folders of one name that show through each other.
    private static func folders(named name: String, from sources: [String]) -> [String] {
        var result: [String] = []
        for source in sources {
            let item = "\(source)/\(name)"
            var info = stat()
            guard lstat(item, &info) == 0 else { continue }
            guard info.st_mode & S_IFMT == S_IFDIR else { break }
            result.append(item)
            if isOpaque(item) { break }
        }
        return result
    }

    private static func isWhiteout(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFCHR && info.st_rdev == 0
    }

    private static func isOpaque(_ path: String) -> Bool {
        ["trusted.overlay.opaque", "user.overlay.opaque"].contains { name in
            var value: [UInt8] = [0]
            return viv_get_attribute(path, name, &value, 1) == 1 && value[0] == UInt8(ascii: "y")
        }
    }
}
