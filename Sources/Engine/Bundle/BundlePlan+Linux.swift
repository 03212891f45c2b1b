import Containers
import Model

// Namespaces, control groups and what is kept from the container.
extension BundlePlan {
    func linux() throws(EngineError) -> RuntimeSpec.Linux {
        var linux = RuntimeSpec.Linux()
        linux.namespaces = namespaces
        linux.cgroupsPath = "\(spec.cgroupParent ?? "/vivarium")/\(instance.id)"
        linux.sysctl = spec.sysctls.isEmpty ? nil : spec.sysctls
        linux.resources = try resources()
        let isOpen = spec.isPrivileged || security.hasUnmaskedPaths
        linux.maskedPaths = spec.maskedPaths ?? (isOpen ? [] : DefaultProfile.maskedPaths)
        linux.readonlyPaths = spec.readOnlyPaths ?? (isOpen ? [] : DefaultProfile.readOnlyPaths)
        if !devices.isEmpty { linux.devices = devices.map(\.node) }
        linux.seccomp = try filter()
        linux.rootfsPropagation =
            instance.mounts.contains { $0.propagation.hasSuffix("shared") } ? "rshared" : nil
        return linux
    }

    private var namespaces: [RuntimeSpec.Namespace] {
        let modes: [(kind: String, mode: String?)] = [
            ("pid", spec.pidMode), ("network", spec.network.mode), ("ipc", spec.ipcMode),
            ("uts", spec.utsMode),
            ("mount", nil), ("cgroup", spec.cgroupNamespaceMode),
        ]
        return modes.compactMap { kind, mode in
            if mode == "host" { return nil }
            let file = kind == "network" ? "net" : kind
            return RuntimeSpec.Namespace(type: kind, path: joined[kind].map { "/proc/\($0)/ns/\(file)" })
        }
    }

    private func filter() throws(EngineError) -> RuntimeSpec.Seccomp? {
        if spec.isPrivileged || security.seccomp == .unconfined { return nil }
        if let seccomp { return seccomp }
        return DefaultProfile.seccomp(capabilities: try capabilities())
    }

    private func resources() throws(EngineError) -> RuntimeSpec.Resources {
        var resources = ResourceTranslation.runtime(spec.resources)
        if spec.isPrivileged {
            resources.devices = [RuntimeSpec.DeviceRule(allow: true, access: "rwm")]
        } else {
            resources.devices = DefaultProfile.deviceRules + devices.map(\.rule)
            resources.devices? += try spec.deviceCgroupRules.map(Self.rule)
        }
        return resources
    }

    /// A rule as Docker writes it: `c 1:* rwm`.
    private static func rule(_ text: String) throws(EngineError) -> RuntimeSpec.DeviceRule {
        let parts = text.split(separator: " ")
        let numbers = parts.count == 3 ? parts[1].split(separator: ":").map(String.init) : []
        guard parts.count == 3, numbers.count == 2, ["a", "b", "c"].contains(parts[0]),
            parts[2].allSatisfy({ "rwm".contains($0) }),
            let major = number(numbers[0]), let minor = number(numbers[1])
        else { throw EngineError(.invalid, "\"\(text)\" is no device rule: write it like \"c 189:* rwm\"") }
        return RuntimeSpec.DeviceRule(
            allow: true, type: String(parts[0]), major: major, minor: minor, access: String(parts[2]))
    }

    private static func number(_ text: String) -> Int64? { text == "*" ? -1 : Int64(text) }
}
