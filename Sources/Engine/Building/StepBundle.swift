import Builder
import Containers
import Glibc
import Host
import Model

/// What a RUN step's `config.json` is made of. Pure: the same plan gives the same file.
struct StepBundle: Sendable {
    /// Where the image's own would be: a build's host has no name of its own.
    static let hostname = "build"
    /// The paths of files that take the place of the image's.
    static let etcPaths = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"]

    let step: RunStep
    /// The bundle's folder, with `rootfs`, `empty` and files for `/etc`.
    let folder: String
    let isRootless: Bool
    /// A net namespace that the step joins.
    var namespace: String?

    /// Whether the step shares the host's network: see docs/guide/build.md.
    private var sharesNetwork: Bool {
        step.network == "host" || (namespace == nil && step.network != "none")
    }

    var spec: RuntimeSpec {
        var spec = DefaultProfile.spec(arguments: step.arguments, rootPath: "\(folder)/rootfs")
        spec.hostname = Self.hostname
        spec.annotations = [DefaultProfile.annotation: "process.capabilities"]
        spec.mounts = mounts
        spec.process?.cwd = step.workingDirectory
        spec.process?.env = step.environment
        spec.process?.user = user
        if step.user.uid != 0 {
            spec.process?.capabilities?.effective = []
            spec.process?.capabilities?.permitted = []
        }
        spec.process?.rlimits = limits.isEmpty ? nil : limits
        spec.linux?.namespaces = namespaces
        spec.linux?.cgroupsPath = "\(step.cgroupParent ?? "/vivarium")/\(step.id)"
        spec.linux?.resources?.memory = memory
        spec.linux?.resources?.cpu = processor
        return spec
    }

    private var namespaces: [RuntimeSpec.Namespace] {
        DefaultProfile.namespaces.compactMap { kind in
            guard kind.type == "network" else { return kind }
            return sharesNetwork ? nil : RuntimeSpec.Namespace(type: "network", path: namespace)
        }
    }

    private var user: RuntimeSpec.User {
        var user = RuntimeSpec.User(uid: step.user.uid, gid: step.user.gid)
        if !step.user.additionalGroups.isEmpty { user.additionalGids = step.user.additionalGroups }
        return user
    }

    private var limits: [RuntimeSpec.ResourceLimit] {
        step.limits.map { limit in
            RuntimeSpec.ResourceLimit(
                type: "RLIMIT_\(limit.name.uppercased())", soft: UInt64(exactly: limit.soft) ?? .max,
                hard: UInt64(exactly: limit.hard) ?? .max)
        }
    }

    private var memory: RuntimeSpec.Memory? {
        guard let limit = step.resources.memory, limit > 0 else { return nil }
        var memory = RuntimeSpec.Memory()
        memory.limit = limit
        let (doubled, overflow) = limit.multipliedReportingOverflow(by: 2)
        memory.swap = step.resources.memorySwap ?? (overflow ? -1 : doubled)
        return memory
    }

    private var processor: RuntimeSpec.CPU? {
        var cpu = RuntimeSpec.CPU()
        cpu.shares = step.resources.cpuShares.flatMap { $0 > 0 ? UInt64($0) : nil }
        cpu.period = step.resources.cpuPeriod.flatMap { $0 > 0 ? UInt64($0) : nil }
        cpu.quota = step.resources.cpuQuota.flatMap { $0 == 0 ? nil : $0 }
        cpu.cpus = step.resources.cpusetCPUs
        cpu.mems = step.resources.cpusetMemoryNodes
        return cpu == RuntimeSpec.CPU() ? nil : cpu
    }

    // MARK: Mounts

    private var mounts: [RuntimeSpec.Mount] {
        let etc = Self.etcPaths.map { path in
            Self.bind("\(folder)/\(path.split(separator: "/").last ?? "")", path, isReadOnly: false)
        }
        return [root] + systemMounts + etc + step.mounts.map(mount)
    }

    private var root: RuntimeSpec.Mount {
        let lowers = step.lowers.isEmpty ? ["\(folder)/empty"] : step.lowers
        return overlay("/", lowers, upper: step.upper, work: step.work)
    }

    private func overlay(
        _ target: String, _ lowers: [String], upper: String?, work: String?
    ) -> RuntimeSpec.Mount {
        var options = ["lowerdir=\(LowerFolders.option(lowers))"]
        if let upper, let work {
            options += ["upperdir=\(upper)", "workdir=\(work)"]
        } else {
            options.append("ro")
        }
        options += ["index=off", "metacopy=off"] + (isRootless ? ["userxattr"] : [])
        return RuntimeSpec.Mount(destination: target, type: "overlay", source: "overlay", options: options)
    }

    private var systemMounts: [RuntimeSpec.Mount] {
        var mounts = DefaultProfile.mounts(sharedMemorySize: step.sharedMemorySize)
        // Only who owns the network namespace may mount its /sys.
        if isRootless, sharesNetwork, let index = mounts.firstIndex(where: { $0.destination == "/sys" }) {
            mounts[index] = RuntimeSpec.Mount(
                destination: "/sys", type: "bind", source: "/sys",
                options: ["rbind", "nosuid", "noexec", "nodev", "ro"])
        }
        return mounts
    }

    private func mount(_ mount: StepMount) -> RuntimeSpec.Mount {
        switch mount {
        case .bind(let source, let target, let isReadOnly):
            return Self.bind(source, target, isReadOnly: isReadOnly)
        case .overlay(let lowers, let upper, let work, let target):
            // An overlay without an upper folder wants two lower ones.
            let layers = upper == nil && lowers.count == 1 ? lowers + ["\(folder)/empty"] : lowers
            return overlay(target, layers, upper: upper, work: work)
        case .tmpfs(let target, let size):
            let options = ["nosuid", "nodev", "mode=1777"] + (size.map { ["size=\($0)"] } ?? [])
            return RuntimeSpec.Mount(destination: target, type: "tmpfs", source: "tmpfs", options: options)
        }
    }

    private static func bind(_ source: String, _ target: String, isReadOnly: Bool) -> RuntimeSpec.Mount {
        RuntimeSpec.Mount(
            destination: target, type: "bind", source: source,
            options: ["rbind", "rprivate", isReadOnly ? "ro" : "rw"])
    }

    // MARK: Files

    /// The names that the step's `/etc/hosts` knows.
    static func hosts(_ extra: [String]) -> String {
        let usual =
            "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t\(hostname)\n"
        return extra.reduce(usual) { text, line in
            guard let colon = line.firstIndex(of: ":") else { return text }
            let address = String(line[line.index(after: colon)...])
            return text + "\(address == "host-gateway" ? "127.0.0.1" : address)\t\(line[..<colon])\n"
        }
    }
}
