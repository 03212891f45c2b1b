import Containers
import Glibc
import Host
import Images
import Model
import Testing

@testable import Engine

/// An engine of its own with a busybox image, below a temporary folder.
final class Rig {
    static let image = "busybox:test"

    /// Why the tests cannot run here; `nil` when they can.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "needs root" }
        guard access("/bin/busybox", X_OK) == 0 else { return "needs busybox-static" }
        guard access("\(programs)/viv-container", X_OK) == 0 else { return "needs viv-container" }
        return nil
    }()

    /// Why machines cannot be run here; `nil` when they can.
    static let machineObstacle: String? = {
        if let obstacle = Rig.obstacle { return obstacle }
        for name in ["viv", "viv-machine"] where access("\(Rig.programs)/\(name)", X_OK) != 0 {
            return "needs \(name) beside the tests"
        }
        let guests = (try? Program.output("\(Rig.programs)/viv", ["guests"])) ?? ""
        let isCached = guests.split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            return words.count > 2 && words[0] == "busybox" && words[2] != "no"
        }
        return isCached ? nil : "needs the busybox guest in the cache: boot it once"
    }()

    /// The folder of the test program, where the others are built to as well.
    static let programs: String = {
        guard let path = realpath("/proc/self/exe", nil) else { return "" }
        defer { free(path) }
        let exe = String(cString: path)
        let own = exe.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        if access("\(own)/viv-container", X_OK) == 0 { return own }
        // The test helper of the toolchain loads us: then we are the bundle that it was given.
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ""
        return bundle.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    }()

    let folder: TemporaryFolder
    /// One, or none between two daemons.
    private var engines: [Engine]
    var engine: Engine { engines[0] }

    private init(_ folder: TemporaryFolder, _ engine: Engine) {
        self.folder = folder
        engines = [engine]
    }

    /// Runs `body` with a new engine, and removes everything of it, come what may.
    static func with(_ body: (Rig) async throws -> Void) async throws {
        let folder = try TemporaryFolder("engine-rig")
        let rig = Rig(folder, try await Engine(configuration: configuration(folder)))
        let result: Result<Void, any Error>
        do {
            try await rig.importBusybox()
            result = .success(try await body(rig))
        } catch {
            result = .failure(error)
        }
        try await rig.close()
        try result.get()
    }

    private static func configuration(_ folder: TemporaryFolder) -> EngineConfiguration {
        EngineConfiguration(data: folder.file("data"), run: folder.file("run"), programs: programs)
    }

    /// A tar of the static busybox with links for its applets.
    private func importBusybox() async throws {
        let path = folder.file("busybox.tar")
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT)
        let writer = TarWriter(DescriptorSink(file.raw, name: path))
        for name in ["bin", "etc", "tmp", "root"] {
            try writer.add(TarEntry(path: "\(name)/", kind: .directory, mode: 0o755))
        }
        var program = TarEntry(path: "bin/busybox", kind: .file, mode: 0o755)
        let bytes = SmallFile.read("/bin/busybox", limit: 16 << 20) ?? []
        program.size = Int64(bytes.count)
        try writer.add(program, data: bytes)
        for name in [
            "sh", "true", "false", "sleep", "cat", "echo", "id", "ls", "mount", "ip", "env", "kill", "wget",
            "stty",
        ] {
            var link = TarEntry(path: "bin/\(name)", kind: .symbolicLink, mode: 0o777)
            link.link = "busybox"
            try writer.add(link)
        }
        let passwd = Array("root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001:::/bin/sh\n".utf8)
        var entry = TarEntry(path: "etc/passwd", kind: .file)
        entry.size = Int64(passwd.count)
        try writer.add(entry, data: passwd)
        try writer.finish()
        lseek(file.raw, 0, SEEK_SET)
        _ = try await engine.images.importTree(from: file.raw, as: Reference(Self.image))
    }

    /// As after the end of one daemon and the start of the next; containers go on meanwhile.
    ///
    /// - Parameter meanwhile: what is done while no daemon runs.
    func restart(_ meanwhile: () async throws -> Void = {}) async throws {
        await engine.shutDown()
        engines = []
        try await meanwhile()
        // The last daemon's locks go with its last task.
        for attempt in 0... {
            do {
                engines = [try await Engine(configuration: Self.configuration(folder))]
                return
            } catch {
                guard attempt < 100 else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Removes everything, and the engine with it.
    func close() async throws {
        guard !engines.isEmpty else { return }
        for instance in try await engine.list(all: true) {
            try await engine.remove(instance.id.text, force: true, removesVolumes: true)
        }
        for details in try await engine.networks() where !Engine.predefined.contains(details.record.spec.name)
        {
            try await engine.removeNetwork(details.record.id)
        }
        let backend = engine.network
        for details in try await engine.networks() where details.record.spec.driver == "bridge" {
            try? backend.remove(details.record.id)
        }
        await engine.shutDown()
    }

    func spec(_ command: [String], _ change: (inout ContainerSpec) -> Void = { _ in }) -> InstanceSpec {
        var spec = ContainerSpec(image: Self.image)
        spec.command = command
        spec.network.mode = "none"
        change(&spec)
        return .container(spec)
    }

    /// Creates and starts.
    func run(
        _ command: [String], name: String? = nil, _ change: (inout ContainerSpec) -> Void = { _ in }
    ) async throws -> String {
        let id = try await engine.create(spec(command, change), name: name).id.text
        try await engine.start(id)
        return id
    }

    /// Runs to the end; the exit code and everything that was written.
    func output(
        _ command: [String], _ change: (inout ContainerSpec) -> Void = { _ in }
    ) async throws -> (code: Int32, text: String) {
        let id = try await engine.create(spec(command, change), name: nil).id.text
        let session = try await engine.attach(id, AttachOptions())
        try await engine.start(id)
        let text = await Self.text(session)
        let code = try await engine.wait(id, .notRunning).exitCode
        try await engine.remove(id, force: true)
        return (code, text)
    }

    static func text(_ session: StreamSession) async -> String {
        var bytes: [UInt8] = []
        while let chunk = await session.next() { bytes += chunk.bytes }
        return String(decoding: bytes, as: UTF8.self)
    }

    func exec(_ id: String, _ command: [String]) async throws -> (code: Int32?, text: String) {
        let exec = try await engine.createExec(id, ExecSpec(command: command))
        let session = try #require(try await engine.startExec(exec))
        let text = await Self.text(session)
        guard case .exited(let code) = await session.end() else { return (nil, text) }
        return (code, text)
    }
}
