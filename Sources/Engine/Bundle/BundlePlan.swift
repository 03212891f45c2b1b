import Containers
import Model

/// Everything that a container's `config.json` is made of. Pure: the same plan gives the same file.
struct BundlePlan: Sendable {
    var instance: Instance
    var spec: ContainerSpec
    var folder: InstanceFolder
    /// Layer folders of the image, top first.
    var layers: [String]
    var user = ResolvedUser()
    var host: HostFacts
    var isRootless = false
    var hostname: String
    /// First processes of the containers whose namespaces are joined, by the kind of namespace.
    var joined: [String: Int32] = [:]
    /// Mounts that the kernel must make itself, of volumes (`type=nfs`) and images, by target.
    var specialMounts: [String: RuntimeSpec.Mount] = [:]
    /// The program of ours that serves as init.
    var initProgram: String
    /// Files that take the place of those below /etc, by their path in the container.
    var etc: [String: String] = [:]
    /// What is to be written into files of the host before the start, by path.
    var etcTexts: [String: String] = [:]
    var devices: [HostDevice] = []
    var seccomp: RuntimeSpec.Seccomp?

    static let initPath = "/dev/.viv-init"

    /// The specification that the runtime is given.
    func runtimeSpec() throws(EngineError) -> RuntimeSpec {
        var result = RuntimeSpec()
        result.root = RuntimeSpec.Root(path: folder.root, readonly: spec.hasReadOnlyRoot ? true : nil)
        result.process = try process()
        if spec.utsMode != "host" {
            result.hostname = hostname
            result.domainname = spec.domainName
        }
        result.mounts = mounts()
        result.annotations = annotations
        result.linux = try linux()
        return result
    }

    private var annotations: [String: String] {
        var all = spec.annotations
        let names = defaultLimits.map(\.type).filter { type in !limits.contains { $0.type == type } }
        all[DefaultProfile.annotation] = names.map { "process.rlimits.\($0)" }.joined(separator: ",")
        return all
    }

    // MARK: - Process

    func process() throws(EngineError) -> RuntimeSpec.Process {
        let resolved = instance.process
        var process = RuntimeSpec.Process(args: arguments, cwd: resolved.workingDirectory)
        process.terminal = spec.hasTerminal ? true : nil
        if let size = spec.terminalSize {
            process.consoleSize = RuntimeSpec.ConsoleSize(height: size.rows, width: size.columns)
        }
        process.user = Self.user(user)
        process.env = Self.environment(
            resolved.environment, hostname: hostname, home: user.home, hasTerminal: spec.hasTerminal)
        process.capabilities = RuntimeSpec.Capabilities(try capabilities())
        if user.uid != 0 {
            process.capabilities?.effective = []
            process.capabilities?.permitted = []
        }
        let wanted = Set(limits.map(\.type))
        process.rlimits = limits + defaultLimits.filter { !wanted.contains($0.type) }
        process.noNewPrivileges = security.hasNoNewPrivileges ? true : nil
        process.apparmorProfile = security.appArmor
        process.oomScoreAdj = spec.outOfMemoryScore
        return process
    }

    private var arguments: [String] {
        spec.usesInit && spec.pidMode != "host"
            ? [Self.initPath, "init", "--"] + instance.process.arguments : instance.process.arguments
    }

    static func user(_ user: ResolvedUser) -> RuntimeSpec.User {
        var result = RuntimeSpec.User(uid: user.uid, gid: user.gid)
        // With the primary group among them, a program that changes its group keeps the rights that files deny it.
        result.additionalGids = [user.gid] + user.additionalGroups.filter { $0 != user.gid }
        return result
    }

    static let searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// What every process finds in its environment, then what it was given.
    static func environment(
        _ given: [String], hostname: String, home: String, hasTerminal: Bool
    ) -> [String] {
        var usual = [searchPath, "HOSTNAME=\(hostname)"]
        if hasTerminal { usual.append("TERM=xterm") }
        let merged = Environment.merge(usual, given)
        return merged.contains { $0.hasPrefix("HOME=") } ? merged : merged + ["HOME=\(home)"]
    }

    /// Taken as far as the host gives it. The annotation says that nobody asked for it.
    var defaultLimits: [RuntimeSpec.ResourceLimit] {
        let files = min(Self.openFiles, host.openFiles)
        return [RuntimeSpec.ResourceLimit(type: "RLIMIT_NOFILE", soft: files, hard: files)]
    }

    static let openFiles: UInt64 = 1_048_576

    private var limits: [RuntimeSpec.ResourceLimit] {
        spec.limits.map { limit in
            RuntimeSpec.ResourceLimit(
                type: "RLIMIT_\(limit.name.uppercased())", soft: Self.limit(limit.soft),
                hard: Self.limit(limit.hard))
        }
    }

    private static func limit(_ value: Int64) -> UInt64 { UInt64(exactly: value) ?? .max }

    // MARK: - Rights

    var security: SecurityOptions { SecurityOptions(spec.securityOptions) }

    /// The capabilities by name. Those that a container has without being asked, or as a part of `ALL`, are left out
    /// when the host withholds them; those that were asked for by name stay, and the runtime refuses them.
    func capabilities() throws(EngineError) -> [String] {
        let added = try spec.addedCapabilities.map(Self.capability)
        let dropped = Set(try spec.droppedCapabilities.map(Self.capability))
        var names = Set(DefaultProfile.capabilities)
        if spec.isPrivileged || added.contains("ALL") { names = Set(Capability.names) }
        if dropped.contains("ALL"), !spec.isPrivileged { names = [] }
        names = names.filter { host.has($0) }
        if !spec.isPrivileged { names.subtract(dropped) }
        names.formUnion(added.filter { $0 != "ALL" })
        return Capability.names.filter { names.contains($0) }
    }

    private static func capability(_ text: String) throws(EngineError) -> String {
        let upper = text.uppercased()
        if upper == "ALL" { return upper }
        let name = upper.hasPrefix("CAP_") ? upper : "CAP_\(upper)"
        guard Capability.number(of: name) != nil else {
            throw EngineError(.invalid, "there is no capability \"\(text)\"")
        }
        return name
    }
}

extension Sequence {
    /// `map` with the error that the closure throws.
    func map<Value>(_ body: (Element) throws(EngineError) -> Value) throws(EngineError) -> [Value] {
        var result: [Value] = []
        for element in self { result.append(try body(element)) }
        return result
    }
}
