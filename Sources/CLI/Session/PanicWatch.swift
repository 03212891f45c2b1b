/// Finds a Linux kernel's last words in the console's output.
package struct PanicWatch: Sendable {
    private static let words = Array("Kernel panic - not syncing".utf8)
    private var matched = 0

    package init() {}

    /// Takes output as it comes, cut anywhere; true once the words are complete.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> Bool {
        for byte in bytes {
            // The first letter occurs once in the words: a mismatch can only begin anew.
            if byte == Self.words[matched] {
                matched += 1
            } else {
                matched = byte == Self.words[0] ? 1 : 0
            }
            if matched == Self.words.count {
                matched = 0
                return true
            }
        }
        return false
    }
}
