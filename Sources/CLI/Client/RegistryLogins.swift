import Glibc
import Host
import Model

/// The user's logins to registries: `~/.docker/config.json`, shared with other clients, and credential helpers.
package struct RegistryLogins {
    /// What Docker's clients call their own registry.
    package static let dockerHub = "https://index.docker.io/v1/"

    private let path: String
    private var document: JSONValue

    static func standard() throws(Failure) -> RegistryLogins {
        let folder =
            HostMachine.environment("DOCKER_CONFIG") ?? (HostMachine.environment("HOME") ?? "") + "/.docker"
        return try RegistryLogins(path: folder + "/config.json")
    }

    package init(path: String) throws(Failure) {
        self.path = path
        guard access(path, F_OK) == 0 else {
            document = .object([])
            return
        }
        guard let value = JSONValue(parsing: try TextFile.bytes(path)), case .object = value else {
            throw .unusableFile("\(path) is not JSON: repair or remove it")
        }
        document = value
    }

    /// The key under which a registry's login is kept, from an image's name: its host, or Docker's own registry.
    package static func registry(of reference: String) -> String {
        let parts = reference.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost",
            !["docker.io", "index.docker.io"].contains(parts[0])
        else { return dockerHub }
        return String(parts[0])
    }

    /// The header that carries the login for `reference`; none when there is none.
    func header(for reference: String) throws(Failure) -> [(name: String, value: String)] {
        let registry = Self.registry(of: reference)
        guard let login = try login(to: registry) else { return [] }
        let value = JSONValue.object([
            .init("username", .string(login.user)), .init("password", .string(login.password)),
            .init("serveraddress", .string(registry)),
        ])
        return [("X-Registry-Auth", Base64.encode(Array(value.compact.utf8), isForURLs: true))]
    }

    /// The header that carries all logins, for builds whose base images may be anywhere.
    func allLogins() throws(Failure) -> [(name: String, value: String)] {
        let registries = Set((document["auths"]?.fields ?? []).map(\.name))
            .union((document["credHelpers"]?.fields ?? []).map(\.name))
        var fields: [JSONValue.Field] = []
        for registry in registries.sorted() {
            guard let login = try login(to: registry) else { continue }
            let value = JSONValue.object([
                .init("username", .string(login.user)), .init("password", .string(login.password)),
            ])
            fields.append(.init(registry, value))
        }
        guard !fields.isEmpty else { return [] }
        let text = JSONValue.object(fields).compact
        return [("X-Registry-Config", Base64.encode(Array(text.utf8), isForURLs: true))]
    }

    /// The name and password for a registry.
    package func login(to registry: String) throws(Failure) -> (user: String, password: String)? {
        if let helper = helper(for: registry) {
            guard let answer = try? CredentialHelper.ask(helper, "get", registry),
                let value = JSONValue(parsing: answer),
                let user = value["Username"]?.string, let secret = value["Secret"]?.string
            else { return nil }
            return (user, secret)
        }
        guard let text = document["auths"]?[registry]?["auth"]?.string, let bytes = Base64.decode(text) else {
            return nil
        }
        let pair = String(decoding: bytes, as: UTF8.self).split(separator: ":", maxSplits: 1).map(String.init)
        return pair.count == 2 ? (pair[0], pair[1]) : nil
    }

    private func helper(for registry: String) -> String? {
        document["credHelpers"]?[registry]?.string ?? document["credsStore"]?.string
    }

    /// Keeps a login, by the helper that the user has chosen or else in the file, readable for him alone.
    package mutating func store(_ registry: String, user: String, password: String) throws {
        if let helper = helper(for: registry) {
            let value = JSONValue.object([
                .init("ServerURL", .string(registry)), .init("Username", .string(user)),
                .init("Secret", .string(password)),
            ])
            _ = try CredentialHelper.ask(helper, "store", value.compact)
            setLogin(registry, .object([]))
        } else {
            let text = Base64.encode(Array("\(user):\(password)".utf8))
            setLogin(registry, .object([.init("auth", .string(text))]))
        }
        try write()
    }

    /// Forgets a login. False when there was none.
    package mutating func remove(_ registry: String) throws -> Bool {
        if let helper = helper(for: registry) { _ = try CredentialHelper.ask(helper, "erase", registry) }
        guard document["auths"]?[registry] != nil else { return helper(for: registry) != nil }
        setLogin(registry, nil)
        try write()
        return true
    }

    /// Whether logins are kept by a helper and not in the file.
    func isSafe(_ registry: String) -> Bool { helper(for: registry) != nil }

    private mutating func setLogin(_ registry: String, _ value: JSONValue?) {
        var logins = (document["auths"]?.fields ?? []).filter { $0.name != registry }
        if let value { logins.append(.init(registry, value)) }
        document = .object(document.fields.filter { $0.name != "auths" } + [.init("auths", .object(logins))])
    }

    private func write() throws(Failure) {
        mkdir(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), 0o700)
        try TextFile.write(path, document.pretty() + "\n", mode: 0o600)
    }
}

/// Programs called `docker-credential-NAME` that keep secrets.
enum CredentialHelper {
    static func ask(_ name: String, _ command: String, _ input: String) throws -> [UInt8] {
        guard name.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }) else {
            throw Failure.unusableFile("'\(name)' is no credential helper")
        }
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw SystemError("make a pipe") }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let childInput = FileDescriptor(owning: toChild[0])
        let question = FileDescriptor(owning: toChild[1])
        let output = FileDescriptor(owning: fromChild[0])
        let childOutput = FileDescriptor(owning: fromChild[1])
        let child = try ChildProcess(
            "docker-credential-\(name)", [command],
            inherit: [
                .init(childInput.raw, as: 0), .init(childOutput.raw, as: 1), .init(STDERR_FILENO, as: 2),
            ], group: .ours)
        close(childInput.release())
        close(childOutput.release())
        try? Descriptors.writeAll(question.raw, Array(input.utf8))
        close(question.release())
        var answer: [UInt8] = []
        while let some = try Descriptors.read(output.raw), !some.isEmpty, answer.count < 1 << 20 {
            answer += some
        }
        guard child.reap() == .exited(0) else {
            throw Failure.refused(
                "docker-credential-\(name) \(command) failed: \(String(decoding: answer.prefix(200), as: UTF8.self))"
            )
        }
        return answer
    }
}
