import Glibc
import Host
import Images

/// COPY and ADD.
extension StageRun {
    mutating func perform(_ copy: CopyInstruction, _ step: BuildStep) async throws(BuildError) {
        let source = try await CopySource(copy, of: self)
        let text = try await description(of: copy, source)
        var key = key(text)
        key.add(source.digest.description)
        let stage = self
        try await settle(key.finish(), step) { () async throws(BuildError) in
            let whole = source.isPartial ? try await CopySource(copy, of: stage, isForWriting: true) : source
            return try await stage.write(copy, whole, text)
        }
    }

    /// The instruction with everything expanded, for the history and the key.
    private func description(
        of copy: CopyInstruction, _ source: CopySource
    ) async throws(BuildError) -> String {
        var words = [copy.isAdd ? "ADD" : "COPY"]
        if let from = copy.from { words.append("--from=\(from)") }
        if let owner = copy.owner { words.append("--chown=\(try expand(owner))") }
        if let mode = copy.mode { words.append("--chmod=\(try expand(mode))") }
        if copy.isLinked { words.append("--link") }
        if copy.keepsParents { words.append("--parents") }
        words += copy.excludes.map { "--exclude=\($0)" }
        words += copy.unpacks.map { ["--unpack=\($0)"] } ?? []
        words += source.names + [try expand(copy.destination)]
        if !copy.destination.hasPrefix("/") { words.append("# in \(state.workingDirectory)") }
        return words.joined(separator: " ")
    }

    private func write(
        _ copy: CopyInstruction, _ source: CopySource, _ text: String
    ) async throws(BuildError) -> CacheRecord {
        let lowers = try await session.folders(of: state)
        let upper = try session.newFolder()
        defer { Folder.remove(upper) }
        let writer = TreeWriter(
            upper: upper, lowers: lowers, attributes: try attributes(of: copy, MergedView(lowers)))
        let destination = try expand(copy.destination)
        let path = MergedView.components(state.absolute(destination))
        let isNamedFolder = destination.hasSuffix("/") || destination == "." || destination.hasSuffix("/.")
        let present = try MergedView(lowers).node(at: "/" + path.joined(separator: "/"))
        let isFolder = isNamedFolder || source.hasSeveral || present?.isFolder == true
        try source.write(to: path, isFolder: isFolder, with: writer)
        let layer = try await makeLayer(upper)
        return CacheRecord(layer: layer, time: session.epoch ?? writer.newest, text: text)
    }

    private func attributes(of copy: CopyInstruction, _ view: MergedView) throws(BuildError) -> FileAttributes
    {
        var result = FileAttributes(time: state.time, latestTime: session.epoch)
        // What comes from another image keeps its owner and attributes; the context's owners mean nothing here.
        result.owner = copy.from == nil ? .root : nil
        result.keepsAttributes = copy.from != nil
        if let text = copy.owner {
            result.owner = try Accounts(view).owner(try expand(text))
        }
        if let text = copy.mode {
            let expanded = try expand(text)
            guard let mode = FileModeChange(expanded) else {
                throw BuildError(
                    .invalidDockerfile, "--chmod: “\(expanded)” is neither octal nor such as u+x,go-w")
            }
            result.mode = mode
        }
        return result
    }

    func makeLayer(_ upper: String, excluded: Set<String> = []) async throws(BuildError) -> Layer {
        var options = LayerDiffOptions()
        options.latestTime = session.epoch
        options.wholeSeconds = true
        options.excluded = excluded
        let images = session.images
        let chosen = options
        return try await fromImages { () async throws(ImageError) in
            try await images.makeLayer(upper: upper, options: chosen, heldBy: BuildCache.owner)
        }
    }

    // MARK: WORKDIR

    mutating func changeFolder(_ path: String, _ step: BuildStep) async throws(BuildError) {
        let expanded = try expand(path)
        guard !expanded.isEmpty else { throw BuildError(.invalidDockerfile, "WORKDIR \(path) is empty") }
        let target = state.absolute(expanded)
        state.configuration.config.workingDirectory = target
        let text = "WORKDIR \(target)"
        let stage = self
        try await settle(key(text).finish(), step) { () async throws(BuildError) in
            try await stage.makeWorkingDirectory(target, text)
        }
    }

    private func makeWorkingDirectory(_ path: String, _ text: String) async throws(BuildError) -> CacheRecord
    {
        let lowers = try await session.folders(of: state)
        let (components, node) = try MergedView(lowers).resolve(path)
        if let node {
            guard node.isFolder else { throw BuildError(.stepFailed, "\(path) is not a folder") }
            return CacheRecord(layer: nil, time: state.time, text: text)
        }
        let upper = try session.newFolder()
        defer { Folder.remove(upper) }
        let attributes = FileAttributes(owner: .root, time: state.time, latestTime: session.epoch)
        try TreeWriter(upper: upper, lowers: lowers, attributes: attributes).makeFolder(components)
        return CacheRecord(layer: try await makeLayer(upper), time: state.time, text: text)
    }
}
