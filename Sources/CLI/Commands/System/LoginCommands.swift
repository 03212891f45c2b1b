import ArgumentParser
import Glibc
import Host
import Model

/// `viv login`: keeps the name and password for a registry.
struct LoginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Keep the name and password for a registry.",
        discussion: """
            Kept where other clients look: by the credential helper that ~/.docker/config.json names, else in that file.

            Examples:
              viv login registry.example.org
              viv login -u me --password-stdin registry.example.org <token
            """)
    @Option(name: [.customShort("u"), .long], help: ArgumentHelp("Who.", valueName: "name")) var username:
        String?
    @Option(
        name: [.customShort("p"), .long],
        help: ArgumentHelp("Visible to others: better --password-stdin.", valueName: "password"))
    var password: String?
    @Flag(help: "Read the password from standard input.") var passwordStdin = false
    @Argument(help: "The registry; Docker's own if none is given.") var registry: String?

    func run() throws {
        let registry = LoginCommand.key(of: registry)
        let user = try username ?? Self.ask("Username: ", isSecret: false)
        let password = try secret()
        guard !user.isEmpty, !password.isEmpty else {
            throw Failure.badCommandLine("a name and a password are needed")
        }
        try Self.verify(registry, user, password)
        var logins = try RegistryLogins.standard()
        try logins.store(registry, user: user, password: password)
        if !logins.isSafe(registry) {
            Report.note("the password is in your config.json as it stands; a credential helper would hide it")
        }
        Report.line("Login Succeeded")
    }

    static func key(of registry: String?) -> String {
        guard let registry, !["docker.io", "index.docker.io"].contains(registry) else {
            return RegistryLogins.dockerHub
        }
        let host = registry.firstRange(of: "://").map { registry[$0.upperBound...] } ?? registry[...]
        return registry == RegistryLogins.dockerHub ? registry : String(host.prefix { $0 != "/" })
    }

    private func secret() throws -> String {
        if let password {
            Report.note("--password shows it to other users of this host: use --password-stdin")
            return password
        }
        guard passwordStdin else { return try Self.ask("Password: ", isSecret: true) }
        var text = try TextFile.read("-", limit: 1 << 16)
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    private static func ask(_ prompt: String, isSecret: Bool) throws -> String {
        guard Terminal.isTerminal(STDIN_FILENO) else {
            throw Failure.badCommandLine("without a terminal give -u NAME and --password-stdin")
        }
        Report.text(prompt)
        guard isSecret, let pointer = getpass("") else { return readLine() ?? "" }
        return String(cString: pointer)
    }

    /// The daemon tries the login; one that cannot is no reason not to keep it.
    private static func verify(_ registry: String, _ user: String, _ password: String) throws {
        let body = JSONValue.object([
            .init("username", .string(user)), .init("password", .string(password)),
            .init("serveraddress", .string(registry)),
        ])
        var request = Request.docker(.post, "auth")
        request.body = Array(body.compact.utf8)
        request.headers.append(("Content-Type", "application/json"))
        do {
            try DaemonClient.started().send(request)
        } catch {
            guard [404, 501].contains(error.status) else { throw error }
            Report.note("the daemon cannot try the login: kept untried")
        }
    }
}

/// `viv logout`: forgets it.
struct LogoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Forget the password for a registry.",
        discussion: "Example:\n  viv logout registry.example.org")
    @Argument(help: "The registry; Docker's own if none is given.") var registry: String?

    func run() throws {
        let key = LoginCommand.key(of: registry)
        var logins = try RegistryLogins.standard()
        guard try logins.remove(key) else {
            Report.note("there is no login to \(key)")
            return
        }
        Report.line("Removed the login to \(key)")
    }
}
