/// A query with exactly one question (RFC 1035 §4.1.2), as hostile as the network that it came from.
package struct DNSQuestion: Equatable, Sendable {
    /// Types and classes of RFC 1035 §3.2 and RFC 3596.
    package enum Kind {
        package static let a: UInt16 = 1
        package static let pointer: UInt16 = 12
        package static let aaaa: UInt16 = 28
        package static let options: UInt16 = 41
        package static let any: UInt16 = 255
        static let internet: UInt16 = 1
    }

    package let id: UInt16
    /// Labels joined by dots, in lower case, without the final dot.
    package let name: String
    package let type: UInt16
    package let isInternet: Bool
    /// The largest answer by UDP that the asker takes, in octets (RFC 6891 §6.2.3).
    package let capacity: Int
    /// The header's second word of flags and the question as they came.
    let flags: UInt16
    let question: [UInt8]

    private static let usualCapacity = 512
    private static let largestCapacity = 4096

    /// Nil unless `bytes` is a standard query with one whole question.
    package init?(_ bytes: [UInt8]) {
        func word(_ index: Int) -> UInt16 { UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]) }
        guard bytes.count >= DNSMessage.headerLength, bytes.count <= 65_535 else { return nil }
        let (opcode, response): (UInt16, UInt16) = (0x7800, 0x8000)
        flags = word(2)
        guard flags & (opcode | response) == 0, word(4) == 1, word(6) == 0 else { return nil }
        guard let (name, end) = Self.name(in: bytes, at: DNSMessage.headerLength), end + 4 <= bytes.count
        else {
            return nil
        }
        id = word(0)
        self.name = name
        type = word(end)
        isInternet = word(end + 2) == Kind.internet
        question = Array(bytes[DNSMessage.headerLength..<end + 4])
        // An OPT record straight behind the question: root name, type, size.
        let record = end + 4
        let hasOptions =
            word(8) == 0 && word(10) > 0 && record + 5 <= bytes.count && bytes[record] == 0
            && word(record + 1) == Kind.options
        let asked = hasOptions ? Int(word(record + 3)) : Self.usualCapacity
        capacity = min(max(asked, Self.usualCapacity), Self.largestCapacity)
    }

    /// Questions are not compressed: a pointer is refused.
    private static func name(in bytes: [UInt8], at start: Int) -> (String, end: Int)? {
        var (index, labels) = (start, [String]())
        while index < bytes.count, index - start < 255 {
            let length = Int(bytes[index])
            guard length < 64 else { return nil }
            index += 1
            if length == 0 { return (labels.joined(separator: "."), index) }
            guard index + length <= bytes.count else { return nil }
            labels.append(String(decoding: bytes[index..<index + length], as: UTF8.self).lowercased())
            index += length
        }
        return nil
    }

    /// The address that a reverse name (`in-addr.arpa`, `ip6.arpa`) asks about.
    package var reversedAddress: IPAddress? {
        var labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 2, labels.removeLast() == "arpa" else { return nil }
        switch labels.removeLast() {
        case "in-addr" where labels.count == 4:
            return IPv4Address(labels.reversed().joined(separator: ".")).map { .v4($0) }
        case "ip6" where labels.count == 32:
            let digits = labels.reversed().joined()
            guard digits.utf8.count == 32, let number = UInt128(digits, radix: 16) else { return nil }
            return IPAddress(number: number, isV4: false)
        default: return nil
        }
    }
}

/// Result codes of answers (RFC 1035 §4.1.1).
package enum DNSResult: UInt16, Sendable {
    case fine = 0
    case serverFailure = 2
    case noSuchName = 3
    case refused = 5
}

extension DNSQuestion {
    /// Seconds that an answer may be kept: containers come and go.
    private static let lifetime: UInt32 = 5

    /// An answer to this question with records of the kind that it asks for.
    package func answer(
        _ result: DNSResult, addresses: [IPAddress] = [], pointer: String? = nil, capacity: Int
    ) -> [UInt8] {
        var records: [[UInt8]] = addresses.map { address in
            record(address.isV4 ? Kind.a : Kind.aaaa, address.octets)
        }
        if let pointer { records.append(record(Kind.pointer, Self.encode(pointer))) }
        var room = capacity - DNSMessage.headerLength - question.count
        let fitting = records.prefix {
            room -= $0.count
            return room >= 0
        }
        let truncated: UInt16 = fitting.count < records.count ? 0x0200 : 0
        var packet = PacketWriter(capacity: 512)
        packet.put(id)
        // Response, authoritative, recursion desired as asked, recursion available.
        packet.put(0x8480 | truncated | flags & 0x0100 | result.rawValue)
        packet.put(UInt16(1))
        packet.put(UInt16(truncatingIfNeeded: fitting.count))
        packet.put(UInt32(0))
        packet.put(question)
        for record in fitting { packet.put(record) }
        return packet.bytes
    }

    private func record(_ type: UInt16, _ data: [UInt8]) -> [UInt8] {
        var packet = PacketWriter(capacity: 12 + data.count)
        // The name is that of the question, 12 octets into the message (RFC 1035 §4.1.4).
        packet.put(UInt16(0xC00C))
        packet.put(type)
        packet.put(Kind.internet)
        packet.put(Self.lifetime)
        packet.put(UInt16(truncatingIfNeeded: data.count))
        packet.put(data)
        return packet.bytes
    }

    /// A name as labels; labels beyond 63 octets are cut.
    package static func encode(_ name: String) -> [UInt8] {
        let labels = name.split(separator: ".").map { $0.utf8.prefix(63) }
        return labels.flatMap { [UInt8($0.count)] + $0 } + [0]
    }
}
