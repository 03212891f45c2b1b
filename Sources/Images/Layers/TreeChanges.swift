import CLinux
import Glibc
import Host

extension LayerDiff {
    /// What the upper folder of an overlay changes in the layers below: `docker diff`, in order of paths.
    ///
    /// - Parameter lowers: top first.
    package static func changes(upper: String, lowers: [String]) throws(ImageError) -> [TreeChange] {
        let raw = try call("open \(upper)") { viv_open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        let root = FileDescriptor(owning: raw)
        var changes: [TreeChange] = []
        try collect(root.raw, "", LowerLayers(folders: lowers), &changes)
        return changes.sorted { $0.path < $1.path }
    }

    private static func collect(
        _ folder: Int32, _ path: String, _ lowers: LowerLayers, _ changes: inout [TreeChange]
    ) throws(ImageError) {
        for name in try FileTree.names(in: folder) {
            guard let info = FileTree.status(name, in: folder) else { continue }
            let inner = "\(path)/\(name)"
            let isThere = lowers.have(inner)
            var attributes = try ExtendedAttributes.read("/proc/self/fd/\(folder)/\(name)")
            let marks = OverlayMarks(taking: &attributes)
            if Whiteout.isWhiteout(info) || marks.isWhiteout {
                if isThere { changes.append(TreeChange(path: inner, kind: .deleted)) }
                continue
            }
            changes.append(TreeChange(path: inner, kind: isThere ? .modified : .added))
            guard info.st_mode & S_IFMT == S_IFDIR else { continue }
            let raw = try call("open \(inner)") {
                FileName.with(name) { viv_openat(folder, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
            }
            let child = FileDescriptor(owning: raw)
            try collect(child.raw, inner, marks.isOpaque ? LowerLayers(folders: []) : lowers, &changes)
        }
    }
}

/// The layers below an upper folder, as overlayfs merges them.
private struct LowerLayers {
    /// Top first.
    let folders: [String]

    /// Whether the merged tree has `path`.
    func have(_ path: String) -> Bool {
        for folder in folders {
            switch look(for: path, in: folder) {
            case .found: return true
            case .hidden: return false
            case .missing: continue
            }
        }
        return false
    }

    private enum Answer { case found, hidden, missing }

    private func look(for path: String, in folder: String) -> Answer {
        var position = folder
        var isClosed = false
        let parts = path.split(separator: "/")
        for (index, part) in parts.enumerated() {
            position += "/\(part)"
            guard let info = FileTree.status(position, in: AT_FDCWD) else {
                return isClosed ? .hidden : .missing
            }
            var attributes = (try? ExtendedAttributes.read(position)) ?? [:]
            let marks = OverlayMarks(taking: &attributes)
            if Whiteout.isWhiteout(info) || marks.isWhiteout { return .hidden }
            if index == parts.count - 1 { return .found }
            guard info.st_mode & S_IFMT == S_IFDIR else { return .hidden }
            if marks.isOpaque { isClosed = true }
        }
        return .missing
    }
}
