import Glibc
import Host
import Images

/// Where the files of one COPY or ADD come from, and their digest.
struct CopySource {
    /// The sources, expanded, for the history.
    let names: [String]
    let digest: Digest
    private let plans: [CopyPlan]
    private let files: [(name: String, content: [UInt8])]
    /// Archives that ADD unpacks: trees whose content lands in the destination.
    private let trees: [CopyPlan]
    /// Whether only the digest is known, so that the files must be looked up before they are written.
    let isPartial: Bool

    /// Whether the destination must be a folder.
    var hasSeveral: Bool {
        plans.reduce(0) { $0 + $1.sourceCount } + files.count > 1 || !trees.isEmpty
    }

    /// - Parameter isForWriting: whether files are needed, beyond their digest.
    init(
        _ copy: CopyInstruction, of stage: StageRun, isForWriting: Bool = false
    ) async throws(BuildError) {
        var gathered = CopyGathering(copy, stage, isForWriting: isForWriting)
        try await gathered.gather()
        isPartial = gathered.isPartial
        names = gathered.names
        plans = gathered.plans
        files = gathered.files
        trees = gathered.trees
        var key = CacheKey("sources")
        for digest in gathered.digests { key.add(digest.description) }
        for file in gathered.files {
            key.add(file.name)
            key.add(file.content)
        }
        digest = key.finish()
    }

    func write(to path: [String], isFolder: Bool, with writer: TreeWriter) throws(BuildError) {
        for plan in plans + trees { try plan.write(to: path, isFolder: isFolder, with: writer) }
        for file in files {
            let target = isFolder ? path + [file.name] : path
            let parent = try writer.resolveFolder(Array(target.dropLast()))
            try writer.write(file.content, to: parent + target.suffix(1))
        }
    }
}

/// Looks the sources of an instruction up.
private struct CopyGathering {
    private let copy: CopyInstruction
    private let stage: StageRun
    private(set) var names: [String] = []
    private(set) var plans: [CopyPlan] = []
    private(set) var trees: [CopyPlan] = []
    private(set) var files: [(name: String, content: [UInt8])] = []
    private(set) var digests: [Digest] = []
    private(set) var isPartial = false
    private let isForWriting: Bool

    init(_ copy: CopyInstruction, _ stage: StageRun, isForWriting: Bool) {
        self.copy = copy
        self.stage = stage
        self.isForWriting = isForWriting
    }

    mutating func gather() async throws(BuildError) {
        isPartial = copy.isAdd && !isForWriting
        let sources = try stage.expand(all: copy.sources)
        names = sources + copy.heredocs.map { "<<\($0.name)" }
        let remote = sources.filter(RemoteSource.isRemote)
        if copy.isAdd {
            for url in remote { try await addRemote(url) }
        } else if let url = remote.first, copy.from == nil {
            throw BuildError(.invalidDockerfile, "COPY takes no URLs; use ADD \(url)")
        }
        let local = copy.isAdd ? sources.filter { !RemoteSource.isRemote($0) } : sources
        if let from = copy.from { try await addForeign(from, local) } else { try addLocal(local) }
        for heredoc in copy.heredocs { files.append((heredoc.name, try content(of: heredoc))) }
    }

    private func content(of heredoc: Heredoc) throws(BuildError) -> [UInt8] {
        guard heredoc.expands else { return heredoc.content }
        let state = stage.state
        do throws(ExpansionError) {
            return try Expansion.expandContent(heredoc.content, escape: stage.dockerfile.escape) {
                state.value(of: $0)
            }
        } catch {
            throw BuildError(.invalidDockerfile, "<<\(heredoc.name): \(error.message)")
        }
    }

    private func emptyPlan(_ view: MergedView, _ ignored: IgnorePatterns) throws(BuildError) -> CopyPlan {
        try CopyPlan(
            view, ignored: ignored, excludes: try stage.expand(all: copy.excludes),
            keepsParents: copy.keepsParents)
    }

    /// From the context. ADD takes archives apart.
    private mutating func addLocal(_ sources: [String]) throws(BuildError) {
        let context = stage.session.context
        for source in sources {
            var plan = try emptyPlan(context.view, context.ignored)
            try plan.add(source)
            if !isForWriting { digests.append(try plan.digest(withOwners: false)) }
            if copy.isAdd, copy.unpacks != false, let archives = try archives(of: plan) {
                trees += archives
            } else {
                plans.append(plan)
            }
        }
    }

    /// The unpacked trees when everything that was named is an archive.
    private func archives(of plan: CopyPlan) throws(BuildError) -> [CopyPlan]? {
        guard isForWriting else { return nil }
        let files = plan.items.filter(\.isNamed).map(\.node)
        guard !files.isEmpty, files.count == plan.items.count else { return nil }
        var result: [CopyPlan] = []
        for file in files {
            guard file.isFile, Archive.isArchive(try FileContent.start(of: file.path)) else { return nil }
            let folder = try stage.session.newFolder()
            let descriptor = try system { () throws(SystemError) in try FileDescriptor.open(file.path) }
            try Archive.unpack(DescriptorSource(descriptor.raw, name: file.path), into: folder)
            var tree = try CopyPlan(
                MergedView([folder]), ignored: IgnorePatterns(), excludes: [], keepsParents: false)
            try tree.add("/")
            result.append(tree)
        }
        return result
    }

    /// From another stage or image, whose layers never change: their digest is remembered.
    private mutating func addForeign(_ from: String, _ sources: [String]) async throws(BuildError) {
        let layers = try await stage.layers(of: from)
        for source in sources {
            var key = CacheKey("foreign")
            key.add(layers.layers.map(\.diffID.description))
            key.add([source, String(copy.keepsParents)] + copy.excludes)
            let memo = key.finish()
            if !isForWriting, let known = await stage.session.cache.digest(for: memo) {
                digests.append(known)
                isPartial = true
                continue
            }
            var plan = try emptyPlan(
                MergedView(try await stage.session.folders(of: layers)), IgnorePatterns())
            try plan.add(source)
            plans.append(plan)
            if isForWriting { continue }
            let digest = try plan.digest(withOwners: true)
            try await stage.session.cache.keep(digest: digest, for: memo)
            digests.append(digest)
        }
    }

    private mutating func addRemote(_ url: String) async throws(BuildError) {
        let folder = try stage.session.newFolder()
        let name = try await RemoteSource.fetch(url, into: folder, checksum: copy.checksum)
        var plan = try CopyPlan(
            MergedView([folder]), ignored: IgnorePatterns(), excludes: [], keepsParents: false)
        try plan.add(name)
        if !isForWriting { digests.append(try plan.digest(withOwners: false)) }
        if copy.unpacks == true, let archives = try archives(of: plan) {
            trees += archives
        } else {
            plans.append(plan)
        }
    }
}

extension StageRun {
    /// The state that `--from` or `from=` names.
    func layers(of from: String) async throws(BuildError) -> StageState {
        switch BuildGraph.source(from, before: stage.index, in: session.graph.stages) {
        case .scratch: return StageState(platform: .host, time: 0)
        case .stage(let index):
            guard session.graph.needed.contains(index) else {
                throw BuildError(.invalidDockerfile, "the stage \(from) is not part of this build")
            }
            return try await session.board.result(of: index)
        case .image(let name):
            let image = try await session.bases.image(name, platform: stage.platform)
            let images = session.images
            let layers = try await fromImages { () async throws(ImageError) in
                try await images.layerList(of: image)
            }
            return StageState(image: image, layers: layers, time: 0)
        }
    }
}
