/// The name under which a running machine is found: its folder below the runtime directory.
///
/// One to 63 characters of `a-z`, `0-9` and `-`, not starting with `-`: safe in paths and on command lines.
package struct MachineID: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// - Returns: `nil` when `text` is not a well-formed id.
    package init?(_ text: String) {
        let allowed = text.utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2d
        }
        guard allowed, (1...63).contains(text.utf8.count), !text.hasPrefix("-") else { return nil }
        self.text = text
    }

    /// An id of twelve hexadecimal digits made from `random`.
    package init(random: UInt64) {
        let digits = String(random & 0xffff_ffff_ffff, radix: 16)
        text = String(repeating: "0", count: 12 - digits.count) + digits
    }

    package var description: String { text }
}

extension MachineID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = MachineID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a machine id")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
