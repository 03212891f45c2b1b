/// A pattern of paths: `*` and `?` stay within a component, `**` crosses them, `[a-z]` and `[^a]` are classes,
/// `\` takes the next byte as it is.
struct PathPattern: Sendable {
    private enum Token {
        case byte(UInt8)
        case any
        case star
        case oneOf([ClosedRange<UInt8>], isNegated: Bool)
        /// `**`
        case deep
        /// `**/`, which also matches nothing.
        case deepFolder
    }

    private let tokens: [Token]
    /// Whether it holds anything but plain bytes.
    let isWildcard: Bool
    /// The plain bytes at the start: most paths differ there already.
    private let literalStart: [UInt8]

    /// `nil` for a class without end and for a `\` at the end.
    init?(_ pattern: String) {
        let bytes = Array(pattern.utf8)
        var tokens: [Token] = []
        var index = 0
        while index < bytes.count {
            guard let (token, length) = Self.token(bytes[index...]) else { return nil }
            tokens.append(token)
            index += length
        }
        self.tokens = tokens
        var literalStart: [UInt8] = []
        for case .byte(let byte) in tokens.prefix(while: { if case .byte = $0 { true } else { false } }) {
            literalStart.append(byte)
        }
        self.literalStart = literalStart
        isWildcard = tokens.contains { if case .byte = $0 { false } else { true } }
    }

    private static func token(_ bytes: ArraySlice<UInt8>) -> (Token, Int)? {
        guard let first = bytes.first else { return nil }
        switch first {
        case UInt8(ascii: "*"):
            guard bytes.starts(with: Array("**".utf8)) else { return (.star, 1) }
            return bytes.dropFirst(2).first == UInt8(ascii: "/") ? (.deepFolder, 3) : (.deep, 2)
        case UInt8(ascii: "?"): return (.any, 1)
        case UInt8(ascii: "["): return oneOf(bytes)
        case UInt8(ascii: "\\"): return bytes.dropFirst().first.map { (.byte($0), 2) }
        default: return (.byte(first), 1)
        }
    }

    private static func oneOf(_ bytes: ArraySlice<UInt8>) -> (Token, Int)? {
        var rest = bytes.dropFirst()
        let isNegated = rest.first == UInt8(ascii: "^") || rest.first == UInt8(ascii: "!")
        if isNegated { rest = rest.dropFirst() }
        var ranges: [ClosedRange<UInt8>] = []
        while let byte = rest.first, byte != UInt8(ascii: "]") || ranges.isEmpty {
            guard let low = member(&rest) else { return nil }
            guard rest.first == UInt8(ascii: "-"), rest.dropFirst().first != UInt8(ascii: "]") else {
                ranges.append(low...low)
                continue
            }
            rest = rest.dropFirst()
            guard let high = member(&rest), low <= high else { return nil }
            ranges.append(low...high)
        }
        guard rest.first == UInt8(ascii: "]") else { return nil }
        return (.oneOf(ranges, isNegated: isNegated), rest.startIndex + 1 - bytes.startIndex)
    }

    private static func member(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        if rest.first == UInt8(ascii: "\\") { rest = rest.dropFirst() }
        return rest.popFirst()
    }

    /// Whether the whole of `path` matches. The work is bounded by pattern × path.
    func matches(_ path: String) -> Bool {
        guard path.utf8.starts(with: literalStart) else { return false }
        var states = [Bool](repeating: false, count: tokens.count + 1)
        var next = states
        enter(literalStart.count, &states)
        for byte in path.utf8.dropFirst(literalStart.count) {
            for state in next.indices { next[state] = false }
            for (state, token) in tokens.enumerated() where states[state] { step(token, state, byte, &next) }
            swap(&states, &next)
        }
        return states[tokens.count]
    }

    private func step(_ token: Token, _ state: Int, _ byte: UInt8, _ next: inout [Bool]) {
        let isSlash = byte == UInt8(ascii: "/")
        switch token {
        case .byte(let wanted): if byte == wanted { enter(state + 1, &next) }
        case .any: if !isSlash { enter(state + 1, &next) }
        case .oneOf(let ranges, let isNegated):
            if !isSlash, ranges.contains(where: { $0.contains(byte) }) != isNegated {
                enter(state + 1, &next)
            }
        case .star: if !isSlash { enter(state, &next) }
        case .deep: enter(state, &next)
        case .deepFolder:
            next[state] = true
            if isSlash { enter(state + 1, &next) }
        }
    }

    /// Reaches a state, and those behind tokens that match nothing.
    private func enter(_ state: Int, _ states: inout [Bool]) {
        var state = state
        while true {
            states[state] = true
            guard state < tokens.count else { return }
            switch tokens[state] {
            case .star, .deep, .deepFolder: state += 1
            default: return
            }
        }
    }
}
