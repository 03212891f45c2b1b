import Glibc
import Host
import Images

/// The files that a build may copy, and its Dockerfile.
struct BuildContext: Sendable {
    let view: MergedView
    let ignored: IgnorePatterns
    let dockerfile: Dockerfile
    /// Holds an archive's files when they are in memory: then no other process finds them.
    let memory: MemoryFolder?

    /// Opens the context of a request; an archive is unpacked into `work`.
    init(_ request: BuildRequest, work: String) throws(BuildError) {
        switch request.context {
        case .folder(let path):
            memory = nil
            guard let real = realpath(path, nil) else {
                throw BuildError(.notFound, "there is no build context \(path)")
            }
            defer { free(real) }
            view = MergedView([String(cString: real)])
            guard view.root != nil else {
                throw BuildError(.notFound, "the build context \(path) is not a folder")
            }
        case .archive(let descriptor):
            memory = MemoryFolder.holding(archive: descriptor)
            if let memory {
                view = MergedView([memory.path])
            } else {
                let folder = "\(work)/context"
                try system { () throws(SystemError) in try Folder.create(folder, mode: 0o700) }
                try Archive.unpackContext(descriptor, into: folder)
                view = MergedView([folder])
            }
        case .none:
            memory = nil
            view = MergedView([])
        }
        dockerfile = try Self.readDockerfile(request, view)
        ignored = try Self.readIgnored(request, view)
    }

    private static func readDockerfile(
        _ request: BuildRequest, _ view: MergedView
    ) throws(BuildError) -> Dockerfile {
        switch request.dockerfile {
        case .text(let bytes, let name): return try Dockerfile(bytes, name: name)
        case .path(let path):
            guard let bytes = try view.content(of: path, limit: Lexer.largestFile) else {
                throw BuildError(
                    .notFound, "there is no \(path) in the build context; name another one with -f")
            }
            return try Dockerfile(bytes, name: path)
        }
    }

    /// `NAME.dockerignore` beside the Dockerfile comes before the context's `.dockerignore`.
    private static func readIgnored(
        _ request: BuildRequest, _ view: MergedView
    ) throws(BuildError) -> IgnorePatterns {
        var names = [".dockerignore"]
        if case .path(let path) = request.dockerfile { names.insert("\(path).dockerignore", at: 0) }
        for name in names {
            guard let bytes = try view.content(of: name, limit: 1 << 20) else { continue }
            return try IgnorePatterns(bytes, name: name)
        }
        return IgnorePatterns()
    }
}
