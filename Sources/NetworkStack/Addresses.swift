/// An Ethernet address; the low 48 bits of `bits`, first octet highest.
package struct MACAddress: Hashable, Sendable, CustomStringConvertible {
    package let bits: UInt64

    package init(bits: UInt64) {
        self.bits = bits & 0xFFFF_FFFF_FFFF
    }

    /// Parses six groups of two hexadecimal digits, joined by colons or hyphens.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
        guard parts.count == 6 else { return nil }
        var bits: UInt64 = 0
        for part in parts {
            guard part.utf8.count == 2, part.allSatisfy(\.isHexDigit), let octet = UInt8(part, radix: 16)
            else {
                return nil
            }
            bits = bits << 8 | UInt64(octet)
        }
        self.bits = bits
    }

    package static let broadcast = MACAddress(bits: 0xFFFF_FFFF_FFFF)

    /// Group addresses (multicast and broadcast) never own a frame as its source (IEEE 802.3 §3.2.3).
    package var isGroup: Bool { bits & (1 << 40) != 0 }

    package var description: String {
        stride(from: 40, through: 0, by: -8)
            .map { hexadecimal(UInt8(truncatingIfNeeded: bits >> UInt64($0))) }
            .joined(separator: ":")
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

/// An IPv4 address; `bits` has the first octet highest.
package struct IPv4Address: Hashable, Sendable, CustomStringConvertible {
    package let bits: UInt32

    package init(bits: UInt32) {
        self.bits = bits
    }

    package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        bits = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// Parses dotted decimal: exactly four numbers of 0…255.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard part.count <= 3, part.allSatisfy(\.isNumber), let octet = UInt8(part) else { return nil }
            bits = bits << 8 | UInt32(octet)
        }
        self.bits = bits
    }

    package static let any = IPv4Address(bits: 0)
    package static let broadcast = IPv4Address(bits: .max)
    package static let loopback = IPv4Address(127, 0, 0, 1)

    package var isLoopback: Bool { bits >> 24 == 127 }

    /// Whether a guest may address one remote host by it: not 0/8, 127/8, multicast or above (RFC 6890).
    package var isRoutable: Bool {
        let first = bits >> 24
        return first != 0 && first != 127 && first < 224
    }

    package var description: String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }
}

/// An IPv6 address as two 64-bit halves, first octet highest.
package struct IPv6Address: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static let any = IPv6Address(high: 0, low: 0)
    package static let loopback = IPv6Address(high: 0, low: 1)
    /// ff02::1
    package static let allNodes = IPv6Address(high: 0xFF02 << 48, low: 1)

    package var isMulticast: Bool { high >> 56 == 0xFF }
    /// fe80::/10
    package var isLinkLocal: Bool { high >> 54 == 0x3FA }

    /// Whether a guest may address one remote host by it. IPv4 addresses in disguise (::/64) are refused, so that
    /// `::ffff:127.0.0.1` is no way around the rules for IPv4 (RFC 4291 §2.5.5).
    package var isRoutable: Bool { high != 0 && !isMulticast && !isLinkLocal }

    /// The Ethernet group of a multicast address (RFC 2464 §7).
    package var multicastMAC: MACAddress { MACAddress(bits: 0x3333 << 32 | low & 0xFFFF_FFFF) }

    /// Eight groups in hexadecimal, the longest run of zero groups shortened (RFC 5952).
    package var description: String {
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - 16 * (index & 3)))
        }
        let run = Self.longestZeroRun(groups)
        guard run.count > 1 else { return Self.join(groups[...]) }
        return Self.join(groups[..<run.lowerBound]) + "::" + Self.join(groups[run.upperBound...])
    }

    private static func join(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        return best
    }
}

extension IPv6Address {
    /// Parses RFC 4291 §2.2 text without a zone: groups with at most one `::`, or a dotted IPv4 tail.
    package init?(_ text: some StringProtocol) {
        guard let groups = Self.expand(String(text)) else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for group in groups {
            halves = (halves.0 << 16 | halves.1 >> 48, halves.1 << 16 | UInt64(group))
        }
        self.init(high: halves.0, low: halves.1)
    }

    private static func expand(_ text: String) -> [UInt16]? {
        guard text.utf8.count <= 45, let gap = firstGap(in: text) else {
            return groups(text, exactly: 8, isEnd: true)
        }
        guard let head = groups(text[..<gap.lowerBound], exactly: nil, isEnd: false),
            let tail = groups(text[gap.upperBound...], exactly: nil, isEnd: true),
            head.count + tail.count < 8
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func firstGap(in text: String) -> Range<String.Index>? {
        var previous: String.Index?
        for index in text.indices {
            if let previous, text[previous] == ":", text[index] == ":" {
                return previous..<text.index(after: index)
            }
            previous = index
        }
        return nil
    }

    /// A dotted IPv4 address may stand only at the end of the whole text.
    private static func groups(_ text: some StringProtocol, exactly count: Int?, isEnd: Bool) -> [UInt16]? {
        var groups: [UInt16] = []
        let parts = text.isEmpty ? [] : text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if isEnd, index == parts.count - 1, let address = IPv4Address(part) {
                groups += [UInt16(address.bits >> 16), UInt16(address.bits & 0xFFFF)]
                continue
            }
            guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return count == nil || groups.count == count ? groups : nil
    }
}

/// An address of either family.
package enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(IPv4Address)
    case v6(IPv6Address)

    /// Parses either notation.
    package init?(_ text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    package var isV4: Bool {
        if case .v4 = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }
}

/// An address and a port of TCP or UDP (or, for echo requests, an identifier).
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    package let address: IPAddress
    package let port: UInt16

    package init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }

    package var description: String {
        address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
