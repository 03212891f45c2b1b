/// A request of rtnetlink(7) as it is put together: header, family header, attributes; numbers in the host's order.
struct NetlinkMessage {
    /// Message types.
    enum Kind: UInt16 {
        case newLink = 16
        case deleteLink, getLink
        case newAddress = 20
        case deleteAddress, getAddress
        case newRoute = 24
        case deleteRoute, getRoute
        case newNeighbour = 28
    }

    /// Flags of the header beyond "request".
    struct Flags: OptionSet {
        let rawValue: UInt16
        static let acknowledge = Flags(rawValue: 0x004)
        static let replace = Flags(rawValue: 0x100)
        static let exclusive = Flags(rawValue: 0x200)
        static let dump = Flags(rawValue: 0x300)
        static let create = Flags(rawValue: 0x400)
    }

    static let headerLength = 16
    let kind: Kind
    private(set) var flags: Flags
    private var body: [UInt8] = []

    init(_ kind: Kind, _ flags: Flags = []) {
        self.kind = kind
        self.flags = flags
    }

    /// The whole message under a sequence number.
    func bytes(sequence: UInt32) -> [UInt8] {
        var header = NetlinkMessage(kind)
        let request: UInt16 = 1
        header.put(UInt32(Self.headerLength + body.count))
        header.put(kind.rawValue)
        header.put(request | flags.rawValue)
        header.put(sequence)
        header.put(UInt32(0))
        return header.body + body
    }

    /// The same request, to be acknowledged.
    var acknowledged: NetlinkMessage {
        var message = self
        message.flags.insert(.acknowledge)
        return message
    }

    mutating func put<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value) { body.append(contentsOf: $0) }
    }

    /// Appends an attribute, padded to four octets.
    mutating func attribute(_ type: UInt16, _ data: [UInt8]) {
        put(UInt16(4 + data.count))
        put(type)
        body += data
        while body.count % 4 != 0 { body.append(0) }
    }

    mutating func attribute<Value: FixedWidthInteger>(_ type: UInt16, _ value: Value) {
        attribute(type, withUnsafeBytes(of: value) { Array($0) })
    }

    /// A text that ends with a zero octet.
    mutating func attribute(_ type: UInt16, _ text: String) { attribute(type, Array(text.utf8) + [0]) }

    /// An attribute that consists of what `fill` appends.
    mutating func nested(_ type: UInt16, _ fill: (inout NetlinkMessage) -> Void) {
        var inner = NetlinkMessage(kind)
        fill(&inner)
        attribute(type, inner.body)
    }
}

/// One message of the kernel's, and the attributes in it. Lengths are checked before anything is read.
struct NetlinkReply {
    let type: UInt16
    let sequence: UInt32
    let body: ArraySlice<UInt8>

    /// Cuts what one datagram holds into messages; stops at the first that does not fit.
    static func parse(_ bytes: [UInt8]) -> [NetlinkReply] {
        var (replies, rest) = ([NetlinkReply](), bytes[...])
        while rest.count >= NetlinkMessage.headerLength {
            let length = Int(number(rest, 0, as: UInt32.self))
            guard length >= NetlinkMessage.headerLength, length <= rest.count else { break }
            let header = rest.startIndex
            replies.append(
                NetlinkReply(
                    type: number(rest, 4, as: UInt16.self), sequence: number(rest, 8, as: UInt32.self),
                    body: rest[header + NetlinkMessage.headerLength..<header + length]))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return replies
    }

    /// A number in the host's order at an offset; 0 when the bytes end before.
    static func number<Value: FixedWidthInteger>(
        _ bytes: ArraySlice<UInt8>, _ offset: Int, as type: Value.Type
    ) -> Value {
        let width = Value.bitWidth / 8
        guard offset >= 0, bytes.count >= offset + width else { return 0 }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }

    /// Attributes by type, from an offset of the body on; of repeated ones the last.
    func attributes(from offset: Int) -> [UInt16: ArraySlice<UInt8>] {
        Self.attributes(body.dropFirst(offset))
    }

    static func attributes(_ bytes: ArraySlice<UInt8>) -> [UInt16: ArraySlice<UInt8>] {
        var (found, rest) = ([UInt16: ArraySlice<UInt8>](), bytes)
        while rest.count >= 4 {
            let length = Int(number(rest, 0, as: UInt16.self))
            guard length >= 4, length <= rest.count else { break }
            // The two highest bits mark nesting and byte order.
            let type = number(rest, 2, as: UInt16.self) & 0x3FFF
            found[type] = rest[rest.startIndex + 4..<rest.startIndex + length]
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return found
    }
}
