import Crypto

/// The name of content by its own hash (OCI image-spec, descriptor.md): `sha256:` and 64 hexadecimal digits, or
/// `sha512:` and 128.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    package enum Algorithm: String, Sendable {
        case sha256, sha512

        /// Digits of a hash in hexadecimal.
        var digits: Int { self == .sha256 ? 64 : 128 }
    }

    package let algorithm: Algorithm
    /// In lower case; safe as the name of a file.
    package let hex: String

    /// Parses `algorithm:hex`.
    package init(_ text: String) throws(ImageError) {
        guard let digest = Digest(parsing: text) else {
            throw ImageError(
                .invalid, "'\(text.prefix(160))' is no digest: expected sha256: and 64 hexadecimal digits")
        }
        self = digest
    }

    /// `nil` for anything but a digest.
    package init?(parsing text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let algorithm = Algorithm(rawValue: String(parts[0])) else { return nil }
        self.init(algorithm, hex: String(parts[1]))
    }

    init?(_ algorithm: Algorithm, hex: String) {
        guard hex.utf8.count == algorithm.digits, hex.utf8.allSatisfy(\.isLowerHex) else { return nil }
        self.algorithm = algorithm
        self.hex = hex
    }

    fileprivate init(_ algorithm: Algorithm, bytes: some Sequence<UInt8>) {
        self.algorithm = algorithm
        hex = String(
            decoding: bytes.flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// The sha256 of `bytes`.
    package static func of(_ bytes: some Collection<UInt8>) -> Digest {
        var hash = ContentHash()
        hash.update(Array(bytes))
        return hash.finish()
    }

    /// The first twelve digits, as lists show them.
    package var short: String { String(hex.prefix(12)) }

    package var description: String { "\(algorithm.rawValue):\(hex)" }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension UInt8 {
    /// Whether it is one of `0`-`9`, `a`-`f`.
    var isLowerHex: Bool { (0x30...0x39).contains(self) || (0x61...0x66).contains(self) }
}

/// A hash of content that arrives in parts.
package struct ContentHash: Sendable {
    private enum State: Sendable {
        case sha256(SHA256)
        case sha512(SHA512)
    }

    private var state: State
    /// How many bytes it has seen.
    package private(set) var count: Int64 = 0

    package init(_ algorithm: Digest.Algorithm = .sha256) {
        state = algorithm == .sha256 ? .sha256(SHA256()) : .sha512(SHA512())
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        count += Int64(bytes.count)
        switch state {
        case .sha256(var hash):
            hash.update(bufferPointer: bytes)
            state = .sha256(hash)
        case .sha512(var hash):
            hash.update(bufferPointer: bytes)
            state = .sha512(hash)
        }
    }

    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// The digest of what was seen so far.
    package func finish() -> Digest {
        switch state {
        case .sha256(let hash): Digest(.sha256, bytes: hash.finalize())
        case .sha512(let hash): Digest(.sha512, bytes: hash.finalize())
        }
    }
}
