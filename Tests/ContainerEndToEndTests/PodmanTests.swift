import Foundation
import ProgramDriver
import Testing

/// podman, with `viv-container` as its runtime.
@Suite(
    .serialized,
    .enabled(if: Requirement.containers, Requirement.why),
    .enabled(if: Clients.hasPodman, "podman is not installed"))
final class PodmanTests {
    /// podman wants the path of its run folder below 50 characters.
    private let folder = URL(filePath: "/tmp/vivarium-podman-\(UUID().uuidString.prefix(8))")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Hosts that withhold CAP_SYS_RESOURCE refuse podman's own defaults, which raise limits.
        try """
        [containers]
        default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
        [engine]
        cgroup_manager = "cgroupfs"
        events_logger = "file"
        """.write(to: folder.appending(path: "containers.conf"), atomically: true, encoding: .utf8)
        let answer = try podman("import", try Busybox.archive.get().path(), Busybox.name)
        guard answer.code == 0 else { throw Disappointment(answer.errors) }
    }

    deinit {
        _ = try? podman("rm", "--all", "--force")
        _ = try? Command.run(
            URL(filePath: "/usr/bin/umount"), [folder.appending(path: "data/overlay").path()])
        try? FileManager.default.removeItem(at: folder)
    }

    private func podman(_ words: String...) throws -> Command {
        let ours = [
            "podman", "--root", folder.appending(path: "data").path(), "--runroot",
            folder.appending(path: "run").path(),
            "--runtime", Programs.folder.appending(path: "viv-container").path(),
        ]
        return try Command.run(
            URL(filePath: "/usr/bin/env"), ours + words, patience: 120,
            environment: ["CONTAINERS_CONF": folder.appending(path: "containers.conf").path()])
    }

    @Test func aContainerRunsUnderPodman() throws {
        let hello = try podman("run", "--rm", "--network", "none", Busybox.name, "echo", "hello")
        #expect(hello.output == "hello\n", "\(hello.errors)")
        #expect(try podman("run", "--rm", "--network", "none", Busybox.name, "sh", "-c", "exit 6").code == 6)
    }

    @Test func itIsEnteredStoppedAndRemovedUnderPodman() throws {
        let run = try podman(
            "run", "-d", "--name", "under", "--network", "none", Busybox.name, "sleep", "1000")
        #expect(run.code == 0, "\(run.errors)")
        #expect(try podman("exec", "under", "echo", "inside").output == "inside\n")
        #expect(try podman("exec", "under", "sh", "-c", "exit 4").code == 4)
        #expect(try podman("pause", "under").code == 0)
        #expect(try podman("unpause", "under").code == 0)
        #expect(try podman("stop", "-t", "0", "under").code == 0)
        #expect(try podman("rm", "under").code == 0)
    }
}
