import Foundation
import ProgramDriver
import Testing

/// Programs of others that drive the daemon: what `make test` unpacked into the build folder, else what is installed.
enum Clients {
    private static let checkout = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let unpacked = checkout.appending(path: ".build/clients")
    private static let compose = unpacked.appending(
        path: "docker-compose/usr/libexec/docker/cli-plugins/docker-compose")

    static let docker: String = {
        let ours = unpacked.appending(path: "docker-cli/usr/bin/docker").path()
        return FileManager.default.isExecutableFile(atPath: ours) ? ours : "docker"
    }()

    static let hasDocker = Requirement.find(docker)
    static let hasCompose = hasDocker && FileManager.default.isExecutableFile(atPath: compose.path())
    static let hasPodman = Requirement.find("podman")
    static let hasSDK = (try? python("import docker"))?.code == 0

    /// A folder for the client's settings, with compose as its plugin.
    static let configuration: Result<URL, any Error> = Result {
        let folder = Programs.scratch.appending(path: "docker-config")
        let plugins = folder.appending(path: "cli-plugins")
        try FileManager.default.createDirectory(at: plugins, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: plugins.appending(path: "docker-compose"), withDestinationURL: compose)
        return folder
    }

    /// Runs a script that may import what PyPI gave to the build folder.
    static func python(_ script: String, host: String = "") throws -> Command {
        try Command.run(
            URL(filePath: "/usr/bin/python3"), ["-c", script], patience: 180,
            environment: [
                "PYTHONPATH": checkout.appending(path: ".build/python").path(), "DOCKER_HOST": host,
            ])
    }
}
