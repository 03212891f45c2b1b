import HTTPTypes
import Host
import NIOSSL
import Synchronization

/// Who is let in at one address: keeps what the guardian needs, and can read it again.
package final class Admission: Sendable {
    private struct Secrets {
        var token: [UInt8]?
        var tls: NIOSSLContext?
    }

    private let guardian: Guardian
    private let secrets: Mutex<Secrets>

    /// Reads tokens and certificates.
    package init(_ guardian: Guardian) throws(DaemonError) {
        self.guardian = guardian
        secrets = Mutex(try Self.read(guardian))
    }

    /// Reads them again; on failure those from before stay.
    package func reload() throws(DaemonError) {
        let fresh = try Self.read(guardian)
        secrets.withLock { $0 = fresh }
    }

    /// Whether the kernel is asked who the peer is.
    var checksPeer: Bool { guardian == .peer }

    var tls: NIOSSLContext? { secrets.withLock { $0.tls } }

    /// Refuses a request without the token, where one is wanted.
    func check(_ headers: HTTPFields) throws(APIError) {
        guard let token = secrets.withLock({ $0.token }) else { return }
        let given = Array((headers[.authorization] ?? "").utf8)
        guard Self.isEqual(given, Array("Bearer ".utf8) + token) else {
            throw APIError(.unauthorized, "this address wants 'Authorization: Bearer TOKEN'")
        }
    }

    /// Takes the same time wherever two texts of one length differ.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func read(_ guardian: Guardian) throws(DaemonError) -> Secrets {
        switch guardian {
        case .peer: return Secrets()
        case .token(let file): return Secrets(token: try token(in: file))
        case .certificates(let authority, let certificate, let key):
            do {
                return Secrets(tls: try context(authority, certificate, key))
            } catch {
                throw DaemonError(
                    .invalid, "cannot use the certificates \(authority), \(certificate) and \(key): \(error)")
            }
        }
    }

    /// The first line of a file.
    private static func token(in path: String) throws(DaemonError) -> [UInt8] {
        do throws(SystemError) {
            let file = try Host.FileDescriptor.open(path)
            let bytes = try Descriptors.read(file.raw, limit: 4096) ?? []
            let token = Array(bytes.prefix { $0 > 0x20 && $0 < 0x7f })
            if token.count >= 16 { return token }
        } catch {
            throw DaemonError(.invalid, "\(error)")
        }
        throw DaemonError(.invalid, "the first line of \(path) must be a token of 16 characters or more")
    }

    /// TLS as Docker uses it: both sides show certificates.
    private static func context(
        _ authority: String, _ certificate: String, _ key: String
    ) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificate).map(NIOSSLCertificateSource.certificate)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
        // A client has no host name to check; its certificate must come from the authority.
        configuration.certificateVerification = .noHostnameVerification
        configuration.minimumTLSVersion = .tlsv12
        return try NIOSSLContext(configuration: configuration)
    }
}
