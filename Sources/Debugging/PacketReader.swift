/// Takes the byte stream of GDB's remote serial protocol apart (GDB manual, "Overview" of the protocol).
///
/// What comes from the peer is believed nothing: packets that are too long or have a wrong checksum are refused, and
/// bytes between packets are skipped.
package struct PacketReader {
    /// The longest packet taken, in bytes.
    package static let longest = 0x4000

    package enum Item: Equatable, Sendable {
        case packet([UInt8])
        /// The other side asks for a stop: a byte of 3 outside any packet.
        case interrupt
        /// The other side has, or has not, understood the last packet.
        case acknowledged(Bool)
        /// A packet that has to be sent again.
        case damaged
    }

    private enum State {
        case outside, inside, firstDigit, lastDigit
    }

    private static let dollar = UInt8(ascii: "$")
    private static let hash = UInt8(ascii: "#")

    private var state = State.outside
    private var content: [UInt8] = []
    private var sum: UInt8 = 0
    private var digit: UInt8?
    private var isTooLong = false

    package init() {}

    /// Takes the next byte. Returns what it completes.
    package mutating func take(_ byte: UInt8) -> Item? {
        switch state {
        case .outside: return outside(byte)
        case .inside:
            inside(byte)
            return nil
        case .firstDigit:
            digit = Hex.nibble(byte)
            state = .lastDigit
            return nil
        case .lastDigit:
            state = .outside
            return finish(byte)
        }
    }

    private mutating func outside(_ byte: UInt8) -> Item? {
        switch byte {
        case Self.dollar:
            begin()
            return nil
        case 3: return .interrupt
        case UInt8(ascii: "+"): return .acknowledged(true)
        case UInt8(ascii: "-"): return .acknowledged(false)
        default: return nil
        }
    }

    private mutating func begin() {
        state = .inside
        content.removeAll(keepingCapacity: true)
        (sum, isTooLong) = (0, false)
    }

    private mutating func inside(_ byte: UInt8) {
        switch byte {
        // No packet has these inside: the end of the one before was lost.
        case Self.dollar: begin()
        case Self.hash: state = .firstDigit
        default:
            sum &+= byte
            if content.count < Self.longest { content.append(byte) } else { isTooLong = true }
        }
    }

    private mutating func finish(_ byte: UInt8) -> Item {
        guard let high = digit, let low = Hex.nibble(byte), high << 4 | low == sum, !isTooLong else {
            return .damaged
        }
        return .packet(content)
    }

    /// Binary data without its escapes: `}` and the byte behind it stand for that byte xor 0x20.
    static func unescaped(_ data: some Sequence<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in data {
            if byte == UInt8(ascii: "}"), !isEscaped {
                isEscaped = true
            } else {
                bytes.append(isEscaped ? byte ^ 0x20 : byte)
                isEscaped = false
            }
        }
        return bytes
    }

    /// A packet around `content`, which is text or escaped data.
    static func packet(_ content: String) -> [UInt8] {
        let sum = content.utf8.reduce(0 as UInt8) { $0 &+ $1 }
        return [dollar] + content.utf8 + [hash] + Hex.digits([sum]).utf8
    }
}
