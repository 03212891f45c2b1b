import Glibc
import Host
import Images
import Model
import Synchronization

@testable import Builder

/// Runs commands by doing what their words say: `write PATH TEXT`, `fail`, `meet` (which waits until another step
/// meets it); anything else does nothing.
final class RecordingExecutor: StepExecutor {
    let mountTargets = ["/proc", "/etc/hosts"]
    private let log = Mutex<[RunStep]>([])
    private let meeting = Mutex(0)

    var steps: [RunStep] { log.withLock { $0 } }
    var commands: [String] { steps.map { $0.arguments.last ?? "" } }

    func run(
        _ step: RunStep, output: @escaping @Sendable (StepOutput) -> Void
    ) async throws(BuildError) -> Int32 {
        log.withLock { $0.append(step) }
        let words = (step.arguments.last ?? "").split(separator: " ").map(String.init)
        output(StepOutput(.stdout, Array("ran\n".utf8)))
        // As a runtime does for what it mounts.
        try system { () throws(SystemError) in
            try Folder.create("\(step.upper)/proc")
            try Folder.create("\(step.upper)/etc")
        }
        try? WholeFile.replace("\(step.upper)/etc/hosts", with: [])
        if words.first == "fail" { return 3 }
        if words.first == "meet" { return await meet() ? 0 : 4 }
        if words.first == "write", words.count == 3 {
            try system { () throws(SystemError) in
                try WholeFile.replace("\(step.upper)\(words[1])", with: Array(words[2].utf8))
            }
        }
        return 0
    }

    /// Whether a second step came within some seconds.
    private func meet() async -> Bool {
        meeting.withLock { $0 += 1 }
        for _ in 0..<500 {
            if meeting.withLock({ $0 >= 2 }) { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}

/// A store, a cache and a context in a folder that goes with it.
final class BuildFixture: Sendable {
    let root: String
    let context: String
    let images: ImageStore
    let cache: BuildCache
    let executor = RecordingExecutor()
    private let events = Mutex<[BuildEvent]>([])

    init() async throws {
        root = "/tmp/builder-test-\(UniqueName.make())"
        context = "\(root)/context"
        try Folder.create(context)
        images = try ImageStore(data: "\(root)/data")
        cache = try await BuildCache(folder: "\(root)/cache", images: images)
    }

    deinit {
        // Renamed first: the store may still be writing layers to disk, which then finds no place.
        rename(root, "\(root).gone")
        Folder.remove("\(root).gone")
    }

    /// A file of the context, at a time that does not change.
    func write(_ path: String, _ text: String, mode: mode_t = 0o644, time: Int = 1_700_000_000) throws {
        let whole = "\(context)/\(path)"
        try Folder.create(whole.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })
        try WholeFile.replace(whole, with: Array(text.utf8))
        chmod(whole, mode)
        let times = [timespec](repeating: timespec(tv_sec: time, tv_nsec: 0), count: 2)
        utimensat(AT_FDCWD, whole, times, 0)
    }

    func request(_ dockerfile: String) -> BuildRequest {
        var request = BuildRequest(context: .folder(context))
        request.dockerfile = .text(Array(dockerfile.utf8), name: "Dockerfile")
        return request
    }

    func build(
        _ dockerfile: String, _ change: (inout BuildRequest) throws -> Void = { _ in }
    ) async throws -> Image {
        var request = request(dockerfile)
        try change(&request)
        events.withLock { $0 = [] }
        return try await BuildRun(request, images: images, cache: cache, executor: executor).run { event in
            self.events.withLock { $0.append(event) }
        }
    }

    /// How many steps of the last build came from the cache.
    var hits: Int {
        events.withLock { $0.filter { if case .cached = $0 { true } else { false } }.count }
    }

    var transcript: String { events.withLock { $0.compactMap(\.dockerText).joined() } }

    /// A file of an image, as text.
    func file(_ path: String, of image: Image) async throws -> String? {
        let view = MergedView(try await images.layers(of: image).folders)
        return try view.content(of: path, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
    }

    func node(_ path: String, of image: Image) async throws -> ViewNode? {
        try MergedView(try await images.layers(of: image).folders).node(at: path, followsLast: false)
    }

    static let isRoot = geteuid() == 0
}
