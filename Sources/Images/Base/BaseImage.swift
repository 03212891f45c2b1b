import Glibc
import Host

/// A base image that is made of a distribution's packages, where no registry can be asked.
struct BaseImage: Sendable {
    enum Recipe: Equatable, Sendable {
        /// Debian's minimal system of a suite.
        case debian(suite: String)
        /// One static program under many names.
        case busybox
    }

    let recipe: Recipe
    /// What the image is called when nobody says otherwise.
    let name: String

    private static let suites = ["11": "bullseye", "12": "bookworm", "13": "trixie"]

    /// Parses `debian:12`, `debian:bookworm`, `debian`, `busybox`.
    init(_ text: String) throws(ImageError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let version = parts.count == 2 ? parts[1] : nil
        switch (parts.first, version) {
        case ("busybox", nil), ("busybox", "latest"):
            recipe = .busybox
            name = "busybox:latest"
        case ("debian", let version):
            let chosen = version ?? "12"
            guard let suite = Self.suites[chosen] ?? Self.suites.values.first(where: { $0 == chosen }) else {
                let known = Self.suites.sorted { $0.key < $1.key }.map { "debian:\($0.key) (\($0.value))" }
                throw ImageError(
                    .notFound, "there is no recipe for '\(text)': known are \(known.joined(separator: ", "))")
            }
            recipe = .debian(suite: suite)
            name = "debian:\(chosen)"
        default:
            throw ImageError(
                .notFound,
                "there is no recipe for '\(text.prefix(80))': known are debian:12, debian:13, busybox")
        }
    }

    /// Writes the image's files as a tar; blocks until it is done.
    func write(to file: Int32, scratch: String, progress: ProgressSink) throws(ImageError) {
        switch recipe {
        case .debian(let suite): try DebianBase(suite: suite).write(to: file, scratch: scratch, progress)
        case .busybox: try BusyboxBase().write(to: file, progress)
        }
    }

    /// How containers of the image run.
    var configuration: ImageConfiguration {
        var configuration = ImageConfiguration()
        configuration.config.environment = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        ]
        configuration.config.command = recipe == .busybox ? ["sh"] : ["bash"]
        return configuration
    }
}

extension ImageStore {
    /// Makes an image from the packages of a distribution, without a registry: `debian:12`, `debian:13`, `busybox`.
    package func buildBase(
        _ name: String, as reference: Reference? = nil, progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Image {
        let base = try BaseImage(name)
        let reference = if let reference { reference } else { try Reference(base.name) }
        let scratch = try content.newScratch()
        let work = work
        return try await leased { () throws(ImageError) in
            let layer = try await onThread("base") { () throws(ImageError) in
                defer { unlink(scratch) }
                do {
                    let file = try FileDescriptor.open(scratch, O_RDWR | O_CREAT | O_EXCL)
                    try base.write(to: file.raw, scratch: scratch, progress: progress)
                    progress(.init("Taking in the files"))
                    lseek(file.raw, 0, SEEK_SET)
                    return try work.importTree(DescriptorSource(file.raw, name: "the new system"))
                } catch {
                    throw ImageError(any: error)
                }
            }
            var configuration = base.configuration
            configuration.created = ImageTime.now
            configuration.history = [
                HistoryEntry(created: configuration.created, createdBy: "viv image build-base \(name)")
            ]
            return try await makeImage(layers: [layer], configuration: configuration, names: [reference])
        }
    }
}
