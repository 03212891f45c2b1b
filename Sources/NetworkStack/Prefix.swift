extension IPAddress {
    /// Bits of an address of this family.
    package var width: Int { isV4 ? 32 : 128 }

    /// The address as a number, first octet highest.
    package var number: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.bits)
        case .v6(let address): UInt128(address.high) << 64 | UInt128(address.low)
        }
    }

    /// The address of a number's low 32 or 128 bits.
    package init(number: UInt128, isV4: Bool) {
        self =
            isV4
            ? .v4(IPv4Address(bits: UInt32(truncatingIfNeeded: number)))
            : .v6(
                IPv6Address(
                    high: UInt64(truncatingIfNeeded: number >> 64), low: UInt64(truncatingIfNeeded: number)))
    }

    /// The address in network byte order: 4 or 16 octets.
    package var octets: [UInt8] {
        stride(from: width - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt128($0)) }
    }

    /// An address of 4 or 16 octets in network byte order; nil for any other count.
    package init?(octets: some Collection<UInt8>) {
        guard octets.count == 4 || octets.count == 16 else { return nil }
        let number = octets.reduce(into: UInt128(0)) { $0 = $0 << 8 | UInt128($1) }
        self.init(number: number, isV4: octets.count == 4)
    }
}

/// A block of addresses: `172.18.0.0/16`. The bits of `address` beyond `length` are zero.
package struct Prefix: Hashable, Sendable, CustomStringConvertible {
    package let address: IPAddress
    package let length: Int

    /// The block of `length` bits that `address` lies in; nil when the length does not fit the family.
    package init?(_ address: IPAddress, length: Int) {
        guard (0...address.width).contains(length) else { return nil }
        let mask = Self.mask(length, address.width)
        self.address = IPAddress(number: address.number & mask, isV4: address.isV4)
        self.length = length
    }

    /// Parses `address/length`; a lone address is a block of one.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress($0) }) else { return nil }
        guard parts.count == 2 else {
            guard parts.count == 1 else { return nil }
            self.init(address, length: address.width)
            return
        }
        guard parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(parts[1])
        else { return nil }
        self.init(address, length: length)
    }

    private static func mask(_ length: Int, _ width: Int) -> UInt128 {
        length == 0 ? 0 : (UInt128.max >> UInt128(128 - width)) & (UInt128.max << UInt128(width - length))
    }

    package var isV4: Bool { address.isV4 }
    /// The lowest address as a number.
    package var first: UInt128 { address.number }
    /// The highest address as a number; of IPv4, the broadcast address.
    package var last: UInt128 {
        first | ~Self.mask(length, address.width) & (UInt128.max >> UInt128(128 - address.width))
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.isV4 == isV4 && (first...last).contains(other.number)
    }

    package func overlaps(_ other: Prefix) -> Bool {
        other.isV4 == isV4 && first <= other.last && other.first <= last
    }

    package var description: String { "\(address)/\(length)" }
}

extension IPAddress: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let address = IPAddress(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an IP address")
        }
        self = address
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Prefix: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let prefix = Prefix(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a block of addresses")
        }
        self = prefix
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
