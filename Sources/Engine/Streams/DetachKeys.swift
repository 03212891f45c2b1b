/// The keys by which a user leaves an attached terminal without ending what runs there.
///
/// Bytes go in as they are typed; what is not part of the sequence comes out, late by as many keys as might still
/// become the sequence.
struct DetachKeys: Equatable, Sendable {
    static let standard = DetachKeys(sequence: [0x10, 0x11])

    let sequence: [UInt8]
    private var matched = 0

    private init(sequence: [UInt8]) { self.sequence = sequence }

    /// - Parameter text: keys with commas between them: a character, or `ctrl-` with a letter or one of `@[\]^_`;
    ///   empty means the standard keys.
    init(parsing text: String) throws(EngineError) {
        guard !text.isEmpty else {
            self = .standard
            return
        }
        var sequence: [UInt8] = []
        for key in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let byte = Self.byte(of: key) else {
                throw EngineError(.invalid, "\"\(key)\" is no detach key: write a character or ctrl-LETTER")
            }
            sequence.append(byte)
        }
        self.init(sequence: sequence)
    }

    private static func byte(of key: Substring) -> UInt8? {
        if key.utf8.count == 1 { return key.utf8.first.flatMap { $0 < 0x80 ? $0 : nil } }
        guard key.lowercased().hasPrefix("ctrl-"), key.utf8.count == 6, let last = key.utf8.last else {
            return nil
        }
        let upper = (0x61...0x7a).contains(last) ? last - 0x20 : last
        return (0x40...0x5f).contains(upper) ? upper - 0x40 : nil
    }

    /// Takes what was typed.
    ///
    /// - Returns: what the process is to see, and whether the sequence is complete; the rest is dropped then.
    mutating func take(_ bytes: [UInt8]) -> (passed: [UInt8], isComplete: Bool) {
        var passed: [UInt8] = []
        for byte in bytes {
            if byte != sequence[matched], matched > 0 {
                passed += sequence[..<matched]
                matched = 0
            }
            if byte == sequence[matched] {
                matched += 1
                if matched == sequence.count {
                    matched = 0
                    return (passed, true)
                }
            } else {
                passed.append(byte)
            }
        }
        return (passed, false)
    }
}
