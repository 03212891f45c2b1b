import Glibc
import Host
import Images

/// The mounts of one RUN step, made ready and taken back.
struct RunMounts {
    private let stage: StageRun
    /// A folder of this step's, for secrets and scratch.
    private let folder: String
    private(set) var mounts: [StepMount] = []
    /// `NAME=value` of secrets that become variables.
    private(set) var variables: [String] = []
    private var claimed: [String] = []

    init(_ stage: StageRun, folder: String) {
        self.stage = stage
        self.folder = folder
    }

    /// Gives cache mounts back, whatever happened.
    func release() async {
        for path in claimed { await stage.session.cache.releaseMount(path) }
    }

    mutating func addProgram(_ program: (content: [UInt8], path: String)) throws(BuildError) {
        let path = try write(program.content, mode: 0o755, owner: .root)
        mounts.append(.bind(source: path, target: program.path, isReadOnly: true))
    }

    mutating func add(_ mount: RunMount) async throws(BuildError) {
        switch mount.kind {
        case .bind: try await addBind(mount)
        case .cache: try await addCache(mount)
        case .tmpfs: mounts.append(.tmpfs(target: mount.target ?? "/tmp", size: mount.size))
        case .secret: try addSecret(mount)
        case .ssh: try addAgent(mount)
        }
    }

    private func write(_ content: [UInt8], mode: UInt32, owner: StepUser) throws(BuildError) -> String {
        let path = "\(folder)/\(UniqueName.make())"
        try system { () throws(SystemError) in
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            try Descriptors.writeAll(file.raw, content)
            try checked("write \(path)") { fchown(file.raw, owner.uid, owner.gid) }
            try checked("write \(path)") { fchmod(file.raw, mode_t(mode)) }
        }
        return path
    }

    private func newFolder() throws(BuildError) -> String {
        let path = "\(folder)/\(UniqueName.make())"
        try system { () throws(SystemError) in try Folder.create(path) }
        return path
    }

    // MARK: Bind

    private mutating func addBind(_ mount: RunMount) async throws(BuildError) {
        let target = mount.target ?? "/mnt"
        let view = try await view(of: mount)
        let source = mount.source ?? "/"
        guard let node = try view.node(at: source) else {
            throw BuildError(.notFound, "--mount=type=bind: “\(source)” is not there")
        }
        guard mount.isReadOnly else { return try addWritable(node, target) }
        if node.paths.count == 1 {
            mounts.append(.bind(source: node.path, target: target, isReadOnly: true))
        } else {
            mounts.append(.overlay(lowers: node.paths, upper: nil, work: nil, target: target))
        }
    }

    /// What is written is thrown away afterwards.
    private mutating func addWritable(_ node: ViewNode, _ target: String) throws(BuildError) {
        if node.isFolder {
            mounts.append(
                .overlay(lowers: node.paths, upper: try newFolder(), work: try newFolder(), target: target))
        } else {
            let scratch = try newFolder()
            let writer = TreeWriter(upper: scratch, lowers: [], attributes: FileAttributes(time: 0))
            try writer.copy(node, to: ["file"])
            mounts.append(.bind(source: "\(scratch)/file", target: target, isReadOnly: false))
        }
    }

    /// The files that a mount shows; of the context only those that `.dockerignore` lets in. What lies in memory is
    /// copied, too, as the runtime would not find it there.
    private func view(of mount: RunMount) async throws(BuildError) -> MergedView {
        if let from = mount.from {
            return MergedView(try await stage.session.folders(of: try await stage.layers(of: from)))
        }
        let context = stage.session.context
        guard !context.ignored.isEmpty || context.memory != nil else { return context.view }
        var plan = try CopyPlan(context.view, ignored: context.ignored, excludes: [], keepsParents: false)
        try plan.add("/")
        let scratch = try newFolder()
        let writer = TreeWriter(upper: scratch, lowers: [], attributes: FileAttributes(owner: .root, time: 0))
        try plan.write(to: [], isFolder: true, with: writer)
        return MergedView([scratch])
    }

    // MARK: Cache

    private mutating func addCache(_ mount: RunMount) async throws(BuildError) {
        let target = mount.target ?? "/mnt"
        let (path, isNew) = try await stage.session.cache.claimMount(
            mount.id ?? target, sharing: mount.sharing)
        claimed.append(path)
        if isNew {
            try await fill(path, mount)
            chown(path, mount.uid, mount.gid)
            chmod(path, mode_t(mount.mode ?? 0o755))
        }
        mounts.append(.bind(source: path, target: target, isReadOnly: mount.isReadOnly))
    }

    /// The first content of a cache mount that names a source.
    private func fill(_ path: String, _ mount: RunMount) async throws(BuildError) {
        guard mount.from != nil else { return }
        var plan = try CopyPlan(
            try await view(of: mount), ignored: IgnorePatterns(), excludes: [], keepsParents: false)
        try plan.add(mount.source ?? "/")
        let writer = TreeWriter(
            upper: path, lowers: [], attributes: FileAttributes(time: 0, keepsAttributes: true))
        try plan.write(to: [], isFolder: true, with: writer)
    }

    // MARK: Secrets

    private mutating func addSecret(_ mount: RunMount) throws(BuildError) {
        let id =
            mount.id ?? mount.source ?? mount.target.map { String($0.split(separator: "/").last ?? "") } ?? ""
        guard let content = try secret(id) else {
            guard !mount.isRequired else {
                throw BuildError(
                    .notFound, "the step needs the secret \(id): pass it with --secret id=\(id),src=FILE")
            }
            return
        }
        if let name = mount.variable {
            variables.append("\(name)=\(String(decoding: content, as: UTF8.self))")
            if mount.target == nil { return }
        }
        let owner = StepUser(uid: mount.uid, gid: mount.gid)
        let path = try write(content, mode: mount.mode ?? 0o400, owner: owner)
        mounts.append(.bind(source: path, target: mount.target ?? "/run/secrets/\(id)", isReadOnly: true))
    }

    private func secret(_ id: String) throws(BuildError) -> [UInt8]? {
        switch stage.session.request.secrets[id] {
        case nil: return nil
        case .value(let bytes): return bytes
        case .file(let path):
            return try system { () throws(SystemError) in try WholeFile.read(path, limit: 500 << 10) }
        }
    }

    private mutating func addAgent(_ mount: RunMount) throws(BuildError) {
        let id = mount.id ?? "default"
        guard let socket = stage.session.request.sshAgents[id] else {
            guard !mount.isRequired else {
                throw BuildError(.notFound, "the step needs an SSH agent: pass it with --ssh \(id)")
            }
            return
        }
        let target = mount.target ?? "/run/buildkit/ssh_agent.\(mounts.count)"
        mounts.append(.bind(source: socket, target: target, isReadOnly: false))
        variables.append("SSH_AUTH_SOCK=\(target)")
    }
}
