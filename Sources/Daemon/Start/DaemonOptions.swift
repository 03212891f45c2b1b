import Logging

/// The command line of `vivd`.
package struct DaemonOptions: Equatable, Sendable {
    package var data: String?
    package var run: String?
    /// Addresses beside the two sockets in the run folder.
    package var hosts: [String] = []
    package var tlsAuthority: String?
    package var tlsCertificate: String?
    package var tlsKey: String?
    package var tokenFile: String?
    package var publishAddress = "127.0.0.1"
    package var insecureRegistries: [String] = []
    package var logLevel = "info"
    package var pidFile: String?
    package var isDetached = false
    package var readyDescriptor: Int32?
    /// Set by the daemon itself when it starts again inside its user namespace.
    package var isInNamespace = false
    package var wantsHelp = false
    package var wantsVersion = false

    package init() {}

    /// Parses the words behind the program's name: `--name value` or `--name=value`.
    package init(parsing words: [String]) throws(DaemonError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            let split = word.firstIndex(of: "=")
            let name = String(word[..<(split ?? word.endIndex)])
            let attached = split.map { String(word[word.index(after: $0)...]) }
            if readFlag(name, hasValue: attached != nil) { continue }
            guard Self.valued.contains(name) else {
                throw DaemonError(.invalid, "there is no option '\(name)': see vivd --help")
            }
            guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
                throw DaemonError(.invalid, "\(name) wants a value: see vivd --help")
            }
            try read(name, value)
        }
        try check()
    }

    private static let valued: Set = [
        "--data", "--run", "--host", "-H", "--tlscacert", "--tlscert", "--tlskey", "--token-file",
        "--default-publish-address", "--insecure-registry", "--log-level", "--pidfile", "--ready-fd",
    ]

    private mutating func readFlag(_ name: String, hasValue: Bool) -> Bool {
        guard !hasValue else { return false }
        switch name {
        case "--foreground": isDetached = false
        case "--detach", "-d": isDetached = true
        case "--in-namespace": isInNamespace = true
        case "--help", "-h": wantsHelp = true
        case "--version": wantsVersion = true
        default: return false
        }
        return true
    }

    private mutating func read(_ name: String, _ value: String) throws(DaemonError) {
        switch name {
        case "--data": data = try Self.absolute(name, value)
        case "--run": run = try Self.absolute(name, value)
        case "--host", "-H": hosts.append(value)
        case "--tlscacert": tlsAuthority = value
        case "--tlscert": tlsCertificate = value
        case "--tlskey": tlsKey = value
        case "--token-file": tokenFile = value
        case "--default-publish-address": publishAddress = value
        case "--insecure-registry": insecureRegistries.append(value)
        case "--log-level": logLevel = value
        case "--pidfile": pidFile = try Self.absolute(name, value)
        default:
            guard let number = Int32(value), number > 2 else {
                throw DaemonError(.invalid, "\(name) wants the number of a descriptor above 2")
            }
            readyDescriptor = number
        }
    }

    private static func absolute(_ name: String, _ path: String) throws(DaemonError) -> String {
        guard path.hasPrefix("/") else {
            throw DaemonError(.invalid, "\(name) wants an absolute path, not '\(path)'")
        }
        return path
    }

    private func check() throws(DaemonError) {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw DaemonError(
                .invalid, "there is no log level '\(logLevel)': use trace, debug, info, warning or error")
        }
        _ = try addresses()
    }
}

/// A listening address and what guards it.
package struct GuardedAddress: Equatable, Sendable {
    package let address: ListenAddress
    package let guardian: Guardian

    package init(_ address: ListenAddress, _ guardian: Guardian) {
        self.address = address
        self.guardian = guardian
    }
}

/// What lets a client in.
package enum Guardian: Equatable, Sendable {
    /// The user that the kernel says is at the other end.
    case peer
    /// A certificate of the authority's; files of PEM.
    case certificates(authority: String, certificate: String, key: String)
    /// The token in a file, sent with each request.
    case token(file: String)
}

extension DaemonOptions {
    /// The addresses of `--host`, each with its guard: TCP is never open to everybody.
    package func addresses() throws(DaemonError) -> [GuardedAddress] {
        let guardian = try guardianOfTCP()
        var result: [GuardedAddress] = []
        for text in hosts {
            guard let address = ListenAddress(text) else {
                throw DaemonError(
                    .invalid, "'\(text)' is no address: use unix:///PATH or tcp://ADDRESS:PORT")
            }
            if case .unix = address {
                result.append(GuardedAddress(address, .peer))
            } else if let guardian {
                result.append(GuardedAddress(address, guardian))
            } else {
                throw DaemonError(
                    .invalid,
                    "\(address) would be open to everybody: give --tlscacert, --tlscert and --tlskey, "
                        + "or --token-file")
            }
        }
        return result
    }

    private func guardianOfTCP() throws(DaemonError) -> Guardian? {
        if let tlsAuthority, let tlsCertificate, let tlsKey {
            return .certificates(authority: tlsAuthority, certificate: tlsCertificate, key: tlsKey)
        }
        guard tlsAuthority == nil, tlsCertificate == nil, tlsKey == nil else {
            throw DaemonError(.invalid, "TLS wants --tlscacert, --tlscert and --tlskey together")
        }
        return tokenFile.map { .token(file: $0) }
    }
}
