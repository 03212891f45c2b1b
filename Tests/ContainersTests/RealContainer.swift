import Glibc
import Testing

@testable import Containers

/// A bundle with a static busybox and the runtime's own program, for tests that run containers.
final class RealContainer {
    static let program: String? = {
        let folder = CommandLine.arguments[0].split(separator: "/").dropLast().joined(separator: "/")
        let candidates: [String] = [
            "/\(folder)/viv-container", "\(workingDirectory)/.build/release/viv-container",
            "\(workingDirectory)/.build/debug/viv-container",
        ]
        return candidates.first { access($0, X_OK) == 0 }
    }()

    static let busybox: String? = (["/bin/busybox", "/usr/bin/busybox"] as [String]).first {
        access($0, X_OK) == 0
    }

    /// Why containers cannot be run here; `nil` when they can.
    static var obstacle: String? {
        if geteuid() != 0 { return "root is needed" }
        if busybox == nil { return "busybox-static is not installed" }
        return program == nil ? "viv-container was not built" : nil
    }

    private static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }

    let folder: String
    let id: String
    var root: String { "\(folder)/state" }

    /// - Parameter change: what differs from the default profile.
    init(_ arguments: [String], _ change: (inout JSONObject) -> Void = { _ in }) throws {
        id = "vivtest-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        folder = "/tmp/\(id)"
        for path in ["", "/rootfs", "/rootfs/bin", "/rootfs/proc", "/rootfs/etc"] {
            mkdir(folder + path, 0o755)
        }
        _ = try Program.run("cp", [Self.busybox ?? "", "\(folder)/rootfs/bin/busybox"])
        for name in ["sh", "true", "sleep", "cat", "id", "ls", "touch", "kill", "readlink", "grep", "echo"] {
            symlink("busybox", "\(folder)/rootfs/bin/\(name)")
        }
        try write(arguments, change)
    }

    deinit {
        _ = run(["delete", "--force", id])
        _ = try? Program.run("rm", ["-rf", folder])
    }

    func write(_ arguments: [String], _ change: (inout JSONObject) -> Void = { _ in }) throws {
        var config = SpecCommand.template(isRootless: false).object ?? JSONObject()
        var process = config["process"]?.object ?? JSONObject()
        process["terminal"] = false
        process["args"] = JSONValue(arguments)
        process["noNewPrivileges"] = false
        config["process"] = .object(process)
        change(&config)
        guard let file = fopen("\(folder)/config.json", "w") else { return }
        fputs(JSONValue.object(config).description, file)
        fclose(file)
    }

    /// The exit code and what was written to both outputs.
    ///
    /// - Parameter surroundings: commands of a shell that run first, in a mount namespace of their own; `$RUN` at their
    ///   end stands for the runtime.
    @discardableResult
    func run(_ words: [String], in surroundings: String? = nil) -> (code: Int32, output: String) {
        let path = "\(folder)/output-\(UInt32.random(in: 0...UInt32.max))"
        var command = ([Self.program ?? "", "--root", root] + words).map { "'\($0)'" }.joined(separator: " ")
        if let surroundings {
            let script = surroundings.replacingFirst("$RUN", with: command)
            guard let file = fopen("\(path).sh", "w") else { return (-1, "") }
            fputs(script, file)
            fclose(file)
            command = "unshare --mount --propagation private sh \(path).sh"
        }
        let code =
            (try? Program.run("sh", ["-c", "cd \(folder) && \(command) >\(path) 2>&1 </dev/null"])) ?? -1
        defer {
            unlink(path)
            unlink("\(path).sh")
        }
        return (code, String(decoding: CgroupFile.bytes(path) ?? [], as: UTF8.self))
    }

    /// Control groups that carry the container's name.
    var groups: [String] {
        CgroupHierarchies.ofHost().folders(of: "/\(id)").values.filter { access($0, F_OK) == 0 }
    }
}

extension String {
    fileprivate func replacingFirst(_ text: String, with other: String) -> String {
        guard let range = firstRange(of: text) else { return self }
        return String(self[..<range.lowerBound] + other + self[range.upperBound...])
    }
}
