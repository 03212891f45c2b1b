import Glibc

/// Where the daemon listens.
package enum DaemonAddress: Equatable, Sendable, CustomStringConvertible {
    case unix(String)
    /// Plain HTTP; requests carry the token of `VIV_TOKEN`, when there is one.
    case tcp(host: String, port: Int)

    /// Parses `unix:///path`, `tcp://host:port` or a plain path.
    package init(parsing text: String) throws(Failure) {
        if text.hasPrefix("unix://") || text.hasPrefix("/") {
            let path = text.hasPrefix("/") ? text : String(text.dropFirst("unix://".count))
            guard path.hasPrefix("/"), path.utf8.count < 108 else {
                throw .badCommandLine("'\(text)' is no socket: use unix:///PATH of at most 107 bytes")
            }
            self = .unix(path)
            return
        }
        let scheme = "tcp://"
        guard text.hasPrefix(scheme), let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else {
            throw .badCommandLine("unknown host '\(text)': use unix:///PATH or tcp://ADDRESS:PORT")
        }
        let host = text[..<colon].dropFirst(scheme.count).filter { $0 != "[" && $0 != "]" }
        self = .tcp(host: host.isEmpty ? "127.0.0.1" : String(host), port: Int(port))
    }

    /// The one that the user named by `--host` or `VIV_HOST`; `nil` when he named none.
    static func named() throws(Failure) -> DaemonAddress? {
        guard let text = HostMachine.environment("VIV_HOST") else { return nil }
        return try DaemonAddress(parsing: text)
    }

    /// The socket of this user's own daemon.
    static func standard() throws(Failure) -> DaemonAddress {
        .unix(try RuntimeDirectory.standard().path + "/vivd.sock")
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        }
    }
}
