import Glibc
import Host
import Images

/// The files that a COPY or ADD takes, in order, before they are written anywhere.
struct CopyPlan {
    struct Item {
        /// Relative to the destination. Empty: the destination itself, for the folder whose content is copied.
        let path: [String]
        let node: ViewNode
        /// Whether the file was named itself, so that it may become the destination.
        let isNamed: Bool
    }

    private(set) var items: [Item] = []
    /// Whether several files were found, so that the destination is a folder.
    private(set) var sourceCount = 0

    private let view: MergedView
    private let ignored: IgnorePatterns
    private let excluded: IgnorePatterns
    private let keepsParents: Bool

    init(
        _ view: MergedView, ignored: IgnorePatterns, excludes: [String], keepsParents: Bool
    ) throws(BuildError) {
        self.view = view
        self.ignored = ignored
        excluded = try IgnorePatterns(excluding: excludes)
        self.keepsParents = keepsParents
    }

    /// Adds what `source`, a path or a pattern, names.
    mutating func add(_ source: String) throws(BuildError) {
        let components = MergedView.components(source)
        let base = keepsParents ? Self.pivot(source) : 0
        let patterns = components.compactMap { PathPattern($0) }
        guard patterns.count == components.count else {
            throw BuildError(.stepFailed, "“\(source)” is no pattern: a [ is not closed")
        }
        guard patterns.contains(where: \.isWildcard) else {
            let found = try view.resolve(source)
            guard let node = found.node else { throw Self.missing(source) }
            // `..` at the start leads nowhere above the root.
            let path = components.filter { $0 != ".." }
            guard !isOut(path, []) else {
                throw BuildError(.notFound, "“\(source)” is kept out by .dockerignore or --exclude")
            }
            return try add(node, path, base: base)
        }
        let matches = try expand(components, patterns)
        guard !matches.isEmpty else { throw Self.missing(source) }
        for (path, node) in matches { try add(node, path, base: base) }
    }

    private static func missing(_ source: String) -> BuildError {
        BuildError(.notFound, "“\(source)” is not there")
    }

    /// How many components stand before `/./`, which --parents leaves out.
    private static func pivot(_ source: String) -> Int {
        let parts = source.split(separator: "/", omittingEmptySubsequences: false)
        guard let index = parts.dropFirst().lastIndex(of: "."), index > 0 else { return 0 }
        return parts[..<index].filter { !$0.isEmpty && $0 != "." }.count
    }

    private mutating func add(_ node: ViewNode, _ path: [String], base: Int) throws(BuildError) {
        sourceCount += 1
        if keepsParents {
            let kept = Array(path.dropFirst(base))
            for count in 1..<max(kept.count, 1) {
                let above = "/" + path.prefix(base + count).joined(separator: "/")
                guard let folder = try view.node(at: above) else { continue }
                items.append(Item(path: Array(kept.prefix(count)), node: folder, isNamed: false))
            }
            try walk(node, path, to: kept, root: path.count, isNamed: false)
        } else if node.isFolder {
            try walk(node, path, to: [], root: path.count, isNamed: false)
        } else {
            items.append(Item(path: [path.last ?? ""], node: node, isNamed: true))
        }
    }

    private mutating func walk(
        _ node: ViewNode, _ path: [String], to target: [String], root: Int, isNamed: Bool
    ) throws(BuildError) {
        let isKept = !isOut(path, Array(path.dropFirst(root)))
        if isKept { items.append(Item(path: target, node: node, isNamed: isNamed)) }
        guard node.isFolder, isKept || ignored.hasExceptions || excluded.hasExceptions else { return }
        if Task.isCancelled { throw BuildError(.cancelled, "the build was cancelled") }
        let before = items.count
        for (name, child) in view.entries(in: node) {
            try walk(child, path + [name], to: target + [name], root: root, isNamed: false)
        }
        // A folder that is out comes along when something in it is in.
        if !isKept, items.count > before {
            items.insert(Item(path: target, node: node, isNamed: false), at: before)
        }
    }

    private func isOut(_ path: [String], _ relative: [String]) -> Bool {
        if ignored.excludes(path) || excluded.excludes(path) { return true }
        let inner = relative.isEmpty ? path.suffix(1).map { $0 } : relative
        return !inner.isEmpty && excluded.excludes(inner)
    }

    /// All files whose paths match, sorted.
    private func expand(
        _ components: [String], _ patterns: [PathPattern]
    ) throws(BuildError) -> [(path: [String], node: ViewNode)] {
        var found: [(path: [String], node: ViewNode)] = view.root.map { [([], $0)] } ?? []
        for (component, pattern) in zip(components, patterns) {
            var next: [(path: [String], node: ViewNode)] = []
            for (path, node) in found {
                if component == "**" {
                    next += try descend(path, node)
                } else {
                    next += try children(path, node, component, pattern)
                }
            }
            found = next
        }
        return found.filter { !$0.path.isEmpty && !isOut($0.path, []) }
    }

    private func children(
        _ path: [String], _ node: ViewNode, _ component: String, _ pattern: PathPattern
    ) throws(BuildError) -> [(path: [String], node: ViewNode)] {
        guard node.isFolder else { return [] }
        let names =
            pattern.isWildcard ? view.entries(in: node).map(\.name).filter(pattern.matches) : [component]
        var result: [(path: [String], node: ViewNode)] = []
        for name in names {
            let inner = path + [name]
            guard let child = try view.node(at: "/" + inner.joined(separator: "/")) else { continue }
            result.append((inner, child))
        }
        return result
    }

    /// The folder itself and all folders below it.
    private func descend(
        _ path: [String], _ node: ViewNode
    ) throws(BuildError) -> [(path: [String], node: ViewNode)] {
        guard node.isFolder else { return [] }
        var result = [(path, node)]
        for (name, child) in view.entries(in: node) where child.isFolder {
            result += try descend(path + [name], child)
        }
        return result
    }

    /// The digest of names, kinds, rights, link targets and contents; times do not count.
    func digest(withOwners: Bool) throws(BuildError) -> Digest {
        var key = CacheKey("files")
        for item in items {
            key.add(item.path)
            key.add("\(item.node.kind) \(item.node.mode) \(item.isNamed)")
            if withOwners { key.add("\(item.node.status.st_uid):\(item.node.status.st_gid)") }
            switch item.node.kind {
            case S_IFREG:
                let (path, size) = (item.node.path, Int64(item.node.status.st_size))
                key.add(try system { () throws(SystemError) in try FileContent.digest(path, size: size) }.hex)
            case S_IFLNK: key.add(FileNames.readLink(item.node.path) ?? "")
            case S_IFCHR, S_IFBLK: key.add("\(item.node.status.st_rdev)")
            default: break
            }
        }
        return key.finish()
    }

    /// Writes everything below `destination`, as it is written in the instruction and resolved by the caller.
    func write(
        to destination: [String], isFolder: Bool, with writer: TreeWriter
    ) throws(BuildError) {
        var folders: [(path: [String], node: ViewNode)] = []
        for item in items {
            let target = item.isNamed && !isFolder ? destination : destination + item.path
            if item.node.isFolder {
                let isNew = try writer.view.node(at: "/" + target.joined(separator: "/")) == nil
                let resolved = try writer.resolveFolder(target)
                if isNew { folders.append((resolved, item.node)) }
            } else {
                let parent = try writer.resolveFolder(Array(target.dropLast()))
                try writer.copy(item.node, to: parent + target.suffix(1))
            }
        }
        // Innermost first: what is made in a folder changes its time.
        for folder in folders.reversed() { try writer.finishFolder(folder.path, as: folder.node) }
    }
}
