import Builder
import Glibc
import Host
import Images
import Synchronization
import Testing

@testable import Engine

/// What RUN steps are run by, when this host has it.
private enum Surroundings {
    static let busybox = "/bin/busybox"

    /// `viv-container`, where it was built together with the tests.
    static let program: String? = {
        guard geteuid() == 0, let own = realpath("/proc/self/exe", nil), isStatic(busybox) else { return nil }
        defer { free(own) }
        let folder = String(cString: own).split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        let path = "\(folder)/viv-container"
        return access(path, X_OK) == 0 ? path : nil
    }()

    /// Whether a program needs no interpreter, so that it runs in an empty image.
    private static func isStatic(_ path: String) -> Bool {
        guard let file = try? FileDescriptor.open(path),
            let start = (try? Descriptors.read(file.raw, limit: 4096)) ?? nil
        else { return false }
        return !String(decoding: start, as: UTF8.self).contains("/ld-linux")
    }
}

/// Builds whose RUN steps really run, in containers.
@Suite(
    .enabled(
        if: Surroundings.program != nil, "needs root, viv-container beside the tests, and busybox-static"))
struct BuildExecutionTests {
    private final class Bench: Sendable {
        let root = "/tmp/builder-run-\(UInt32.random(in: .min ... .max))"
        let images: ImageStore
        let cache: BuildCache
        let executor: ContainerStepExecutor
        let text = Mutex("")

        init() async throws {
            try Folder.create("\(root)/context")
            images = try ImageStore(data: "\(root)/data")
            cache = try await BuildCache(folder: "\(root)/cache", images: images)
            executor = ContainerStepExecutor(
                program: try #require(Surroundings.program), runtimeRoot: "\(root)/runtime",
                folder: "\(root)/builds", isRootless: false)
            let source = try FileDescriptor.open(Surroundings.busybox)
            let target = try FileDescriptor.open("\(root)/context/busybox", O_WRONLY | O_CREAT, mode: 0o755)
            while let bytes = try Descriptors.read(source.raw), !bytes.isEmpty {
                try Descriptors.writeAll(target.raw, bytes)
            }
        }

        deinit {
            // Renamed first: the store may still be writing layers to disk, which then finds no place.
            rename(root, "\(root).gone")
            Folder.remove("\(root).gone")
        }

        func build(_ dockerfile: String, _ change: (inout BuildRequest) -> Void = { _ in }) async throws
            -> Image
        {
            var request = BuildRequest(context: .folder("\(root)/context"))
            request.dockerfile = .text(Array(dockerfile.utf8), name: "Dockerfile")
            change(&request)
            text.withLock { $0 = "" }
            return try await BuildRun(request, images: images, cache: cache, executor: executor).run {
                event in
                guard let more = event.dockerText else { return }
                self.text.withLock { $0 += more }
            }
        }

        func file(_ path: String, of image: Image) async throws -> String? {
            for folder in try await images.layers(of: image).folders {
                guard let file = try? FileDescriptor.open("\(folder)/\(path)") else { continue }
                return String(decoding: try Descriptors.read(file.raw) ?? [], as: UTF8.self)
            }
            return nil
        }
    }

    private static let base = """
        FROM scratch AS base
        COPY busybox /bin/busybox
        RUN ["/bin/busybox", "--install", "-s", "/bin"]

        """

    @Test func stagesRunAndPassFilesOn() async throws {
        let bench = try await Bench()
        let text =
            Self.base + """
                FROM base AS work
                ARG WHO=nobody
                ENV GREETING="hello world"
                WORKDIR /work
                RUN --mount=type=secret,id=s --mount=type=cache,target=/cache \\
                    cat /run/secrets/s > secret-length && echo "$GREETING $WHO" > out && date > /cache/x && id -u >> out
                RUN <<EOF
                set -e
                pwd >> out
                hostname >> out
                EOF
                FROM scratch
                COPY --from=work /work /result
                """
        let image = try await bench.build(text) {
            $0.arguments = ["WHO": "you"]
            $0.secrets = ["s": .value(Array("key".utf8))]
        }
        #expect(try await bench.file("result/out", of: image) == "hello world you\n0\n/work\nbuild\n")
        let again = try await bench.build(text) {
            $0.arguments = ["WHO": "you"]
            $0.secrets = ["s": .value(Array("other".utf8))]
        }
        #expect(again.id == image.id)
        #expect(Folder.names(in: "\(bench.root)/builds").isEmpty)
        #expect(Folder.names(in: "\(bench.root)/runtime").isEmpty)
    }

    @Test func outputAndExitCodesArePassedOn() async throws {
        let bench = try await Bench()
        let error = await #expect(throws: BuildError.self) {
            try await bench.build(Self.base + "RUN echo before; echo oops >&2; exit 7\n")
        }
        #expect(error?.description.hasPrefix("Dockerfile:4: The command '/bin/sh -c echo before") == true)
        #expect(error?.description.contains("non-zero code: 7") == true)
        let text = bench.text.withLock { $0 }
        #expect(text.contains("before\n") && text.contains("oops\n"))
    }

    @Test func aCancelledBuildLeavesNothing() async throws {
        let bench = try await Bench()
        let task = Task { try await bench.build(Self.base + "RUN sleep 100\n") }
        while Folder.names(in: "\(bench.root)/runtime").isEmpty
            || !bench.text.withLock({ $0.contains("sleep") })
        {
            try await Task.sleep(for: .milliseconds(20))
        }
        task.cancel()
        await #expect(throws: BuildError.self) { try await task.value }
        #expect(Folder.names(in: "\(bench.root)/builds").isEmpty)
        #expect(Folder.names(in: "\(bench.root)/runtime").isEmpty)
        #expect(Folder.names(in: "\(bench.root)/cache/pending").isEmpty)
    }
}
