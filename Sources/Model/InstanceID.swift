/// The name under which the daemon knows a container or machine: 64 hexadecimal digits, as Docker's clients expect.
package struct InstanceID: Hashable, Sendable, CustomStringConvertible {
    package static let length = 64
    /// How many digits people are shown.
    package static let shortLength = 12

    package let text: String

    /// - Returns: `nil` unless `text` is 64 lower-case hexadecimal digits.
    package init?(_ text: String) {
        let isDigits = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard text.utf8.count == Self.length, isDigits else { return nil }
        self.text = text
    }

    /// A new id from the generator of the system.
    package static func random() -> InstanceID {
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<Self.length).map { _ in
            Character(Unicode.Scalar(Array("0123456789abcdef".utf8)[Int(generator.next() & 15)]))
        }
        return InstanceID(unchecked: String(digits))
    }

    private init(unchecked text: String) { self.text = text }

    package var short: String { String(text.prefix(Self.shortLength)) }

    package var description: String { text }
}

extension InstanceID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = InstanceID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an instance id")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
