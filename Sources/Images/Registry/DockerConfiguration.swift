import FoundationEssentials
import Glibc
import Host

/// The credentials that Docker's client keeps for the user: `config.json` and the helpers that it names.
package struct DockerConfiguration: Sendable {
    private struct File: Codable {
        struct Entry: Codable {
            var auth: String?
            var username: String?
            var password: String?
            var identitytoken: String?
            var registrytoken: String?
        }
        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    private var file: File

    /// Reads `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`; no file is no credentials.
    package static func ofUser() throws(ImageError) -> DockerConfiguration {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        let folder = variable("DOCKER_CONFIG") ?? variable("HOME").map { "\($0)/.docker" } ?? "/nonexistent"
        let path = "\(folder)/config.json"
        guard let bytes = try? WholeFile.read(path, limit: 1 << 20) else {
            return try DockerConfiguration([0x7b, 0x7d])
        }
        do throws(ImageError) {
            return try DockerConfiguration(bytes)
        } catch {
            throw error.prefixed(path)
        }
    }

    package init(_ bytes: [UInt8]) throws(ImageError) {
        file = try Document.decode(File.self, from: bytes, as: "configuration of Docker's client")
    }

    /// The credentials for a registry; helpers are asked, which may take a while.
    package func credentials(for registry: String) async throws(ImageError) -> Credentials? {
        for key in Self.keys(registry) {
            if let helper = file.credHelpers?[key] { return try await CredentialHelper(helper).get(key) }
        }
        for key in Self.keys(registry) {
            if let entry = file.auths?[key], let found = Self.credentials(entry) { return found }
        }
        guard let store = file.credsStore else { return nil }
        for key in Self.keys(registry) {
            if let found = try await CredentialHelper(store).get(key) { return found }
        }
        return nil
    }

    private static func credentials(_ entry: File.Entry) -> Credentials? {
        var result =
            entry.auth.flatMap(Credentials.init(auth:))
            ?? Credentials(username: entry.username ?? "", password: entry.password ?? "")
        result.identityToken = entry.identitytoken
        result.registryToken = entry.registrytoken
        let isEmpty = result.username.isEmpty && result.identityToken == nil && result.registryToken == nil
        return isEmpty ? nil : result
    }

    /// The names that a registry goes by; Docker Hub has one of its own from older days.
    private static func keys(_ registry: String) -> [String] {
        if registry == Reference.defaultRegistry {
            return ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"]
        }
        return [
            registry, "https://\(registry)", "http://\(registry)", "https://\(registry)/",
            "https://\(registry)/v2/",
        ]
    }
}

/// A program `docker-credential-NAME`: a registry on its standard input, JSON on its output.
struct CredentialHelper: Sendable {
    private struct Answer: Codable {
        let username: String
        let secret: String

        private enum CodingKeys: String, CodingKey {
            case username = "Username"
            case secret = "Secret"
        }
    }

    /// Milliseconds until a helper that does not answer is killed.
    private static let patience: Int32 = 30_000

    private let program: String

    init(_ name: String) throws(ImageError) {
        guard !name.isEmpty,
            name.utf8.allSatisfy({ $0.isASCIIAlphanumeric || $0 == 0x2d || $0 == 0x5f || $0 == 0x2e })
        else {
            throw ImageError(.invalid, "'\(name.prefix(80))' is no name of a credential helper")
        }
        program = "docker-credential-\(name)"
    }

    /// What the helper knows; `nil` when it knows nothing.
    func get(_ registry: String) async throws(ImageError) -> Credentials? {
        let program = program
        let output = try await onThread("credentials") { () throws(ImageError) in
            try Self.run(program, registry)
        }
        guard let output else { return nil }
        let answer = try Document.decode(Answer.self, from: output, as: "answer of \(program)")
        guard answer.username == "<token>" else {
            return Credentials(username: answer.username, password: answer.secret)
        }
        return Credentials(username: "", password: "", identityToken: answer.secret)
    }

    private static func run(_ program: String, _ registry: String) throws(ImageError) -> [UInt8]? {
        do {
            let input = try FileDescriptor.unlinked(in: "/tmp")
            try Descriptors.writeAll(input.raw, Array(registry.utf8))
            lseek(input.raw, 0, SEEK_SET)
            let output = try FileDescriptor.unlinked(in: "/tmp")
            let null = try FileDescriptor.open("/dev/null", O_WRONLY)
            let child = try ChildProcess(
                program, ["get"],
                inherit: [.init(input.raw, as: 0), .init(output.raw, as: 1), .init(null.raw, as: 2)],
                group: .ours)
            var slot = pollfd(fd: child.pidfd, events: Int16(POLLIN), revents: 0)
            if poll(&slot, 1, patience) == 0 { child.signal(SIGKILL) }
            guard child.reap() == .exited(0) else { return nil }
            lseek(output.raw, 0, SEEK_SET)
            return try DescriptorSource(output.raw, name: program).readAll(
                limit: 1 << 16, as: "the answer of \(program)")
        } catch {
            throw ImageError(any: error).prefixed("the credential helper \(program) cannot be asked")
        }
    }
}
