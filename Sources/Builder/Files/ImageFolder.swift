/// What an image's layers have at a path, for who mounts that alone.
package enum ImageFolder {
    /// The parts of the folder at `path`, top first, that an overlay merges, or one file. An empty path is the root.
    ///
    /// - Parameter layers: folders, top first.
    /// - Throws: `notFound`.
    package static func paths(of path: String, in layers: [String]) throws(BuildError) -> [String] {
        let parts = path.split(separator: "/").filter { $0 != "." }
        if parts.isEmpty, !layers.isEmpty { return layers }
        guard let node = try MergedView(layers).node(at: path), node.isFolder || node.isFile else {
            throw BuildError(.notFound, "the image has neither a file nor a folder at \(path)")
        }
        return node.paths
    }
}
