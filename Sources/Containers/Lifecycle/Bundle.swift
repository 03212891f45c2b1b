import Glibc

/// A folder with a `config.json`, read and checked.
struct Bundle {
    /// Absolute.
    let path: String
    let spec: RuntimeSpec
    let process: RuntimeSpec.Process
    /// Absolute path of the root file system.
    let root: String
    let namespaces: NamespacePlan
    /// What was read.
    private(set) var text: [UInt8] = []

    /// The bundle of a container that was created, as it was then.
    init(of state: ContainerState, layout: RuntimeLayout) throws(ContainerError) {
        guard let bytes = CgroupFile.bytes(layout.config(of: state.id), limit: JSONValue.longest) else {
            self = try Bundle(path: state.bundle)
            return
        }
        try self.init(path: state.bundle, spec: try RuntimeSpec(json: bytes))
    }

    /// - Parameters:
    ///   - given: the folder; relative to the working directory, which it is when empty.
    ///   - file: of the specification, relative to the folder.
    init(path given: String, file: String = "config.json") throws(ContainerError) {
        let absolute =
            given.hasPrefix("/") ? given : Self.workingDirectory + (given.isEmpty ? "" : "/\(given)")
        let file = file.hasPrefix("/") ? file : "\(absolute)/\(file)"
        guard let bytes = CgroupFile.bytes(file, limit: JSONValue.longest) else {
            throw ContainerError(.notFound, "JSON specification file \(file) not found")
        }
        try self.init(path: Self.tidy(absolute), spec: try RuntimeSpec(json: bytes))
        text = bytes
    }

    init(path: String, spec: RuntimeSpec) throws(ContainerError) {
        self.path = path
        self.spec = spec
        guard let process = spec.process else {
            throw ContainerError(.invalid, "process property must not be empty")
        }
        guard let root = spec.root, !root.path.isEmpty else {
            throw ContainerError(.invalid, "Root must be specified")
        }
        self.process = process
        guard let real = realpath(root.path.hasPrefix("/") ? root.path : "\(path)/\(root.path)", nil) else {
            throw ContainerError(
                .notFound,
                "the root file system \(root.path) does not exist: \(String(cString: strerror(errno)))")
        }
        self.root = String(cString: real)
        free(real)
        namespaces = try NamespacePlan(spec.linux?.namespaces ?? [])
        try check()
    }

    private func check() throws(ContainerError) {
        let version = spec.ociVersion.split(separator: ".").first ?? ""
        guard version == "1" else {
            throw ContainerError(
                .invalid, "ociVersion \(spec.ociVersion) is not supported: this is \(RuntimeSpec.version)")
        }
        guard namespaces.made.contains(.mount) else {
            throw ContainerError(.invalid, "linux.namespaces: a container needs a new mount namespace")
        }
        if spec.hostname != nil, !namespaces.made.contains(.uts), !namespaces.joins(.uts) {
            throw ContainerError(.invalid, "unable to set hostname without a private UTS namespace")
        }
        guard root != "/" || namespaces.made.contains(.mount) else {
            throw ContainerError(.invalid, "the root must not be /")
        }
        for name in (spec.linux?.sysctl ?? [:]).keys { try Sysctls.check(name, namespaces) }
    }

    private static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    private static func tidy(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}

/// Kernel settings that belong to a namespace, and to no other container.
enum Sysctls {
    private static let messaging: Set = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni", "kernel.shm_rmid_forced",
    ]

    /// - Throws: `.invalid` for a setting that would change the host.
    static func check(_ name: String, _ namespaces: NamespacePlan) throws(ContainerError) {
        func has(_ kind: NamespacePlan.Kind) -> Bool {
            namespaces.made.contains(kind) || namespaces.joins(kind)
        }
        let dotted = name.contains("/") ? String(name.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 }) : name
        guard !dotted.split(separator: ".").contains(".."), !name.contains("..") else {
            throw ContainerError(.invalid, "linux.sysctl: \(name) is no name of a setting")
        }
        if dotted.hasPrefix("net."), has(.network) { return }
        if messaging.contains(dotted) || dotted.hasPrefix("fs.mqueue."), has(.ipc) { return }
        if dotted == "kernel.hostname" {
            throw ContainerError(.invalid, "sysctl \"\(name)\" is set by the field hostname")
        }
        if dotted == "kernel.domainname", has(.uts) { return }
        if dotted.hasPrefix("user."), has(.user) { return }
        throw ContainerError(.invalid, "sysctl \"\(name)\" is not in a separate kernel namespace")
    }

    /// The path below /proc/sys; a name with slashes is one already.
    static func path(_ name: String) -> String {
        name.contains("/") ? "sys/\(name)" : "sys/" + String(name.map { $0 == "." ? "/" : $0 })
    }
}
