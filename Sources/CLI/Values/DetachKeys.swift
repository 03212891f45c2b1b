/// The keys that leave a container's terminal while the container runs on.
package struct DetachKeys: Equatable, Sendable {
    package static let standard = DetachKeys(sequence: [0x10, 0x11])

    private let sequence: [UInt8]
    private var matched = 0

    private init(sequence: [UInt8]) { self.sequence = sequence }

    /// Parses `ctrl-p,ctrl-q`: letters, or `ctrl-` with a letter or one of `@[\]^_`. Empty: there are no such keys.
    package init(parsing text: String) throws(Failure) {
        var keys: [UInt8] = []
        for word in text.split(separator: ",") {
            guard let key = Self.key(String(word)) else {
                throw .badCommandLine("'\(text)' are no detach keys: use such as ctrl-p,ctrl-q or ctrl-e,x")
            }
            keys.append(key)
        }
        sequence = keys
    }

    private static func key(_ word: String) -> UInt8? {
        let prefix = "ctrl-"
        guard word.hasPrefix(prefix) else {
            return word.utf8.count == 1 ? word.utf8.first : nil
        }
        let letter = word.dropFirst(prefix.count).lowercased()
        guard letter.utf8.count == 1, let byte = letter.utf8.first else { return nil }
        switch byte {
        case 0x61...0x7a: return byte - 0x60
        case 0x40, 0x5b...0x5f: return byte - 0x40
        default: return nil
        }
    }

    /// Takes typed bytes: what goes to the container, and whether the user leaves. Keys that begin the sequence
    /// are held back until it is clear what they are.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> (passed: [UInt8], leaves: Bool) {
        guard !sequence.isEmpty else { return (Array(bytes), false) }
        var passed: [UInt8] = []
        for byte in bytes {
            if byte == sequence[matched] {
                matched += 1
                if matched == sequence.count { return (passed, true) }
                continue
            }
            passed += sequence[..<matched]
            matched = byte == sequence[0] ? 1 : 0
            if matched == 0 { passed.append(byte) }
            if matched == sequence.count { return (passed, true) }
        }
        return (passed, false)
    }
}
