import Foundation
import ProgramDriver

/// Debian's `docker-registry` on the loopback, without TLS; it ends with its owner.
final class RegistryUnderTest {
    /// Address and port, as they stand in the names of images.
    let name: String
    private let program: RunningProgram

    init() throws {
        let folder = Programs.scratch.appending(path: "registry-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        name = "127.0.0.1:\(LoopbackPort.free())"
        let settings = """
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: \(folder.path())}}
            http: {addr: "\(name)"}
            """
        let file = folder.appending(path: "registry.yml")
        try settings.write(to: file, atomically: true, encoding: .utf8)
        program = try RunningProgram("docker-registry", ["serve", file.path()])
    }
}
