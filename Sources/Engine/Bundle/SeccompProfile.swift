import Containers
import FoundationEssentials

/// A seccomp profile as Docker's clients send it: OCI's, with conditions on capabilities, kernels and architectures.
struct SeccompProfile: Decodable {
    private struct Architectures: Decodable {
        var architecture: String
        var subArchitectures: [String]?
    }

    private struct Conditions: Decodable {
        var caps: [String]?
        var arches: [String]?
        var minKernel: String?
    }

    private struct Rule: Decodable {
        var names: [String]?
        var name: String?
        var action: String
        var errnoRet: UInt32?
        var args: [RuntimeSpec.SystemCallArgument]?
        var includes: Conditions?
        var excludes: Conditions?
    }

    private var defaultAction: String
    private var defaultErrnoRet: UInt32?
    private var architectures: [String]?
    private var archMap: [Architectures]?
    private var flags: [String]?
    private var listenerPath: String?
    private var listenerMetadata: String?
    private var syscalls: [Rule]?

    /// - Parameters:
    ///   - text: the profile, or the path of its file.
    ///   - kernel: the host's release, such as `6.1.0`.
    static func parse(
        _ text: String, capabilities: [String], kernel: String
    ) throws(EngineError) -> RuntimeSpec.Seccomp {
        let bytes = text.hasPrefix("{") ? Array(text.utf8) : SmallFile.read(text, limit: 4 << 20)
        guard let bytes else { throw EngineError(.invalid, "cannot read the seccomp profile \(text)") }
        do {
            let profile = try JSONDecoder().decode(SeccompProfile.self, from: Data(bytes))
            return profile.resolved(capabilities: Set(capabilities), kernel: kernel)
        } catch {
            throw EngineError(.invalid, "the seccomp profile cannot be read: \(error)")
        }
    }

    private func resolved(capabilities: Set<String>, kernel: String) -> RuntimeSpec.Seccomp {
        var result = RuntimeSpec.Seccomp(defaultAction: defaultAction)
        result.defaultErrnoRet = defaultErrnoRet
        let own = archMap?.first { $0.architecture == "SCMP_ARCH_X86_64" }
        result.architectures = architectures ?? own.map { [$0.architecture] + ($0.subArchitectures ?? []) }
        result.flags = flags
        result.listenerPath = listenerPath
        result.listenerMetadata = listenerMetadata
        result.syscalls = (syscalls ?? []).compactMap { rule in
            guard Self.applies(rule, capabilities, kernel) else { return nil }
            let names = rule.names ?? rule.name.map { [$0] } ?? []
            return RuntimeSpec.SystemCallRule(
                names: names, action: rule.action, errnoRet: rule.errnoRet,
                args: rule.args?.isEmpty == true ? nil : rule.args)
        }
        return result
    }

    private static func applies(_ rule: Rule, _ capabilities: Set<String>, _ kernel: String) -> Bool {
        if let arches = rule.includes?.arches, !arches.isEmpty, !arches.contains("amd64") { return false }
        if let minimum = rule.includes?.minKernel, !isAtLeast(kernel, minimum) { return false }
        if let needed = rule.includes?.caps, !needed.allSatisfy(capabilities.contains) { return false }
        if rule.excludes?.arches?.contains("amd64") == true { return false }
        if let minimum = rule.excludes?.minKernel, isAtLeast(kernel, minimum) { return false }
        return rule.excludes?.caps?.contains(where: capabilities.contains) != true
    }

    private static func isAtLeast(_ kernel: String, _ minimum: String) -> Bool {
        let parts = { (text: String) in
            text.split { !$0.isNumber }.prefix(2).map { Int($0) ?? 0 }
        }
        return !parts(kernel).lexicographicallyPrecedes(parts(minimum))
    }
}
