/// What a forwarder needs to know of DNS messages (RFC 1035 §4).
enum DNSMessage {
    static let port: UInt16 = 53
    static let headerLength = 12

    /// Whether `bytes` is a query: a whole header with the response bit clear.
    static func isQuery(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= headerLength && bytes.byte(at: 2) & 0x80 == 0
    }

    /// Whether `bytes` answers `query`: the same id, and a response.
    static func isAnswer(_ bytes: UnsafeRawBufferPointer, to query: [UInt8]) -> Bool {
        bytes.count >= headerLength && query.count >= headerLength && bytes.byte(at: 2) & 0x80 != 0
            && bytes.byte(at: 0) == query[0] && bytes.byte(at: 1) == query[1]
    }

    /// The answer "server failure" to `query`: its id, opcode and first question.
    static func serverFailure(for query: [UInt8]) -> [UInt8] {
        guard query.count >= headerLength else { return [] }
        let (responseBit, recursionAvailable, serverFailure): (UInt8, UInt8, UInt8) = (0x80, 0x80, 2)
        let question = questionEnd(in: query)
        var answer = Array(query[..<(question ?? headerLength)])
        answer[2] = responseBit | query[2] & 0x79
        answer[3] = recursionAvailable | serverFailure
        answer[4] = 0
        answer[5] = question == nil ? 0 : 1
        for index in 6..<headerLength { answer[index] = 0 }
        return answer
    }

    /// Where the first question ends; nil if there is none or it is malformed. Questions are not compressed.
    private static func questionEnd(in query: [UInt8]) -> Int? {
        guard query[4] != 0 || query[5] != 0 else { return nil }
        var index = headerLength
        while index < query.count {
            let length = Int(query[index])
            guard length < 64 else { return nil }
            index += 1 + length
            if length == 0 { return index + 4 <= query.count ? index + 4 : nil }
        }
        return nil
    }
}

/// The host's name servers, as its `/etc/resolv.conf` names them.
enum ResolverList {
    static let maximum = 3

    /// The addresses of the `nameserver` lines of `text`, in order; those with an interface zone are left out.
    static func parse(_ text: String) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for line in text.split(whereSeparator: \.isNewline) where addresses.count < maximum {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, words[0] == "nameserver", let address = IPAddress(words[1]) else {
                continue
            }
            addresses.append(address)
        }
        return addresses
    }
}
