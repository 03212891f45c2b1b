import FoundationEssentials
import Glibc
import Host

/// All images of one user: names, documents, blobs and unpacked layers below one folder, which no other process uses.
package actor ImageStore {
    /// Images are pulled for this platform unless another is asked for.
    package let platform: Platform

    let registries: RegistrySettings
    let content: ContentStore
    let layerStore: LayerStore
    var index: ImageIndex
    /// Who uses which image, and which layer.
    var holds: [Digest: Set<String>] = [:]
    var layerHolds: [Digest: Set<String>] = [:]
    /// Running operations that may have content which no image names yet.
    private(set) var openOperations = 0
    /// Whether something waits to be collected until the last of them has ended.
    var owesSweep = false
    /// Layers that are being unpacked: who wants the same waits.
    var unpacking: [Digest: Task<Void, any Error>] = [:]
    /// Layers that are being unpacked while they are fetched.
    var following: [Digest: Task<Void, any Error>] = [:]
    /// One lock file keeps two daemons apart.
    private let lock: FileDescriptor

    /// Opens or makes the store in `data`; what an earlier process left half done is removed.
    package init(
        data: String, platform: Platform = .host, registries: RegistrySettings = RegistrySettings()
    ) throws(ImageError) {
        try self.init(data: data, platform: platform, registries: registries) { _ in }
    }

    init(
        data: String, platform: Platform, registries: RegistrySettings, watcher: @escaping StepWatcher
    ) throws(ImageError) {
        self.platform = platform
        self.registries = registries
        do {
            try Folder.create("\(data)/content", mode: 0o711)
            lock = try FileDescriptor.open("\(data)/content/lock", O_RDWR | O_CREAT)
        } catch {
            throw ImageError(error)
        }
        guard lock.lock(exclusive: true) else {
            throw ImageError(.conflict, "the images in \(data) are in use by another process")
        }
        index = try ImageIndex(path: "\(data)/content/images.json", watcher: watcher)
        content = try ContentStore("\(data)/content", watcher: watcher)
        layerStore = try LayerStore("\(data)/layers", watcher: watcher)
    }

    var work: LayerWork { LayerWork(layers: layerStore, content: content) }

    // MARK: Finding

    /// The image of a name, a digest, or the start of an id; `notFound` or (ambiguous) `conflict`.
    package func resolve(_ name: String) throws(ImageError) -> Image { try image(try record(name)) }

    /// A name comes before the start of an id, which has at least one digit.
    func record(_ name: String) throws(ImageError) -> ImageRecord {
        if let digest = Digest(parsing: name) {
            if let record = index[digest] ?? index.images.first(where: { $0.manifest.digest == digest }) {
                return record
            }
        } else {
            if let reference = try? Reference(name), let record = index.named(reference) { return record }
            let prefix = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
            if prefix.utf8.allSatisfy(\.isLowerHex), !prefix.isEmpty {
                let matches = index.withPrefix(prefix)
                guard matches.count <= 1 else {
                    throw ImageError(
                        .conflict, "'\(name)' is the start of \(matches.count) image ids: write more of it")
                }
                if let match = matches.first { return match }
            } else {
                _ = try Reference(name)
            }
        }
        throw ImageError(.notFound, "No such image: \(name)")
    }

    func image(_ record: ImageRecord) throws(ImageError) -> Image {
        Image(
            id: record.id, manifestDigest: record.manifest.digest,
            manifest: try Manifest.parse(try content.read(record.manifest.digest)),
            configuration: try ImageConfiguration.parse(try content.read(record.id)), size: record.size,
            tags: record.tags.map(\.familiar), repositoryDigests: record.repositoryDigests.map(\.familiar),
            parent: record.parent, tagged: record.tagged)
    }

    /// All images, newest first; one whose documents were damaged on disk is an error.
    package func list() throws(ImageError) -> [ImageSummary] {
        var users: [Digest: Int] = [:]
        for record in index.images {
            for layer in Set(record.layers.map(\.diffID)) { users[layer, default: 0] += 1 }
        }
        var summaries: [ImageSummary] = []
        for record in index.images where !record.isRemoved {
            let configuration = try ImageConfiguration.parse(try content.read(record.id))
            let shared = record.layers.filter { users[$0.diffID] ?? 0 > 1 }.reduce(0) { $0 + $1.size }
            summaries.append(
                ImageSummary(
                    id: record.id, tags: record.tags.map(\.familiar),
                    repositoryDigests: record.repositoryDigests.map(\.familiar), parent: record.parent,
                    created: ImageTime.seconds(configuration.created) ?? 0, size: record.size,
                    sharedSize: shared,
                    labels: configuration.config.labels, platform: configuration.platform,
                    holders: holds[record.id]?.count ?? 0))
        }
        return summaries.sorted { ($0.created, $0.id.hex) > ($1.created, $1.id.hex) }
    }

    // MARK: Leases

    /// Runs an operation that makes content: nothing is collected before it has ended.
    func leased<Value: Sendable>(
        _ body: () async throws(ImageError) -> Value
    ) async throws(ImageError) -> Value {
        openOperations += 1
        defer {
            openOperations -= 1
            if openOperations == 0, owesSweep { Task { _ = try? await self.collectGarbage() } }
        }
        return try await body()
    }
}

/// Times as documents write them: RFC 3339.
package enum ImageTime {
    package static func text(_ seconds: Double) -> String {
        let whole = seconds.rounded(.down)
        let date = Date(timeIntervalSince1970: whole)
        let text = date.formatted(.iso8601)
        let milliseconds = Int((seconds - whole) * 1000)
        guard milliseconds > 0, text.hasSuffix("Z") else { return text }
        let digits = String(milliseconds)
        return text.dropLast() + "." + String(repeating: "0", count: 3 - digits.utf8.count) + digits + "Z"
    }

    package static var now: String { text(Date().timeIntervalSince1970) }

    /// Seconds since 1970; `nil` when the text is no time.
    package static func seconds(_ text: String?) -> Double? {
        guard let text else { return nil }
        var fraction = 0.0
        var plain = text
        if let point = text.firstIndex(of: ".") {
            let digits = text[text.index(after: point)...].prefix { $0.isASCII && $0.isNumber }
            fraction = Double("0." + digits) ?? 0
            plain = String(text[..<point] + text[digits.endIndex...])
        }
        guard let date = try? Date(plain, strategy: .iso8601) else { return nil }
        return date.timeIntervalSince1970 + fraction
    }
}
