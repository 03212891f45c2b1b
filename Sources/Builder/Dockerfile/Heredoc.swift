/// A file written inside a Dockerfile: `<<EOF … EOF`.
package struct Heredoc: Equatable, Sendable {
    /// The word that ends it, which is also the file's name for COPY.
    package var name: String
    /// `<<-`: tabs at the start of lines are dropped.
    package var stripsTabs: Bool
    /// Whether variables inside are expanded: not when the word was quoted.
    package var expands: Bool
    package var content: [UInt8] = []
    /// Where it was opened in its instruction's text.
    var offset: Int

    /// The word as it is written in the instruction: `<<-"EOF"`.
    var word: String

    /// The heredocs that the words of an instruction open, in order.
    static func opened(by text: SourceText, escape: UInt8) -> [Heredoc] {
        guard text.bytes.contains(UInt8(ascii: "<")) else { return [] }
        return WordSplitter(escape: escape).split(text.bytes).compactMap { range in
            Heredoc(word: text.bytes[range], at: range.lowerBound)
        }
    }

    /// Reads `[digits]<<[-]word`; `nil` for any other word.
    init?(word: ArraySlice<UInt8>, at offset: Int) {
        let angle = UInt8(ascii: "<")
        var rest = word.drop { $0.isDigit }
        guard rest.starts(with: [angle, angle]) else { return nil }
        rest = rest.dropFirst(2)
        stripsTabs = rest.first == UInt8(ascii: "-")
        if stripsTabs { rest = rest.dropFirst() }
        guard !rest.isEmpty, !rest.contains(angle) else { return nil }
        let quotes: Set = [UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\")]
        expands = !rest.contains(where: quotes.contains)
        let bare = rest.filter { !quotes.contains($0) }
        guard !bare.isEmpty, bare.allSatisfy({ $0 != UInt8(ascii: "/") && $0 != 0 }) else { return nil }
        name = String(decoding: bare, as: UTF8.self)
        guard name != ".", name != ".." else { return nil }
        self.offset = offset
        self.word = String(decoding: word, as: UTF8.self)
    }
}

/// Cuts text at white space outside quotes; quotes and escapes stay in the words.
struct WordSplitter {
    let escape: UInt8

    func split(_ bytes: [UInt8]) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var start: Int?
        var quote: UInt8?
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == escape, open != UInt8(ascii: "'") {
                    index += 1
                } else if byte == open {
                    quote = nil
                }
            } else if byte.isBlank {
                if let begun = start { words.append(begun..<index) }
                start = nil
            } else {
                start = start ?? index
                if byte == escape { index += 1 }
                if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { quote = byte }
            }
            index += 1
        }
        if let begun = start { words.append(begun..<bytes.count) }
        return words
    }
}
