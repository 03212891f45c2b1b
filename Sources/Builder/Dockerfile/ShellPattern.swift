/// A shell's pattern of `*`, `?` and `\`-escaped bytes, for `${name#pattern}` and its kin.
struct ShellPattern {
    private enum Element {
        case byte(UInt8)
        case any
        case anything
    }

    private let elements: [Element]

    private init(elements: [Element]) { self.elements = elements }

    init(_ pattern: [UInt8]) {
        var elements: [Element] = []
        var index = 0
        while index < pattern.count {
            switch pattern[index] {
            case UInt8(ascii: "*"): elements.append(.anything)
            case UInt8(ascii: "?"): elements.append(.any)
            case UInt8(ascii: "\\") where index + 1 < pattern.count:
                index += 1
                elements.append(.byte(pattern[index]))
            case let byte: elements.append(.byte(byte))
            }
            index += 1
        }
        self.elements = elements
    }

    func withoutPrefix(_ value: [UInt8], longest: Bool) -> [UInt8] {
        let ends = matchEnds(value, from: 0)
        guard let end = longest ? ends.last : ends.first else { return value }
        return Array(value[end...])
    }

    func withoutSuffix(_ value: [UInt8], longest: Bool) -> [UInt8] {
        let mirrored = ShellPattern(elements: elements.reversed())
        return mirrored.withoutPrefix(value.reversed(), longest: longest).reversed()
    }

    /// Replaces the first match, or every one; at each place the longest.
    func replacing(in value: [UInt8], by replacement: [UInt8], everywhere: Bool) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < value.count {
            guard let end = matchEnds(value, from: index).last, end > index else {
                result.append(value[index])
                index += 1
                continue
            }
            result += replacement
            index = end
            if !everywhere { break }
        }
        return result + value[index...]
    }

    /// Where matches that begin at `start` can end, rising. Linear in pattern × value: all states walk together.
    private func matchEnds(_ value: [UInt8], from start: Int) -> [Int] {
        var states = [Bool](repeating: false, count: elements.count + 1)
        states[0] = true
        skipStars(&states)
        var ends = states[elements.count] ? [start] : []
        for index in start..<value.count {
            var next = [Bool](repeating: false, count: elements.count + 1)
            for (state, element) in elements.enumerated() where states[state] {
                switch element {
                case .byte(let byte): if byte == value[index] { next[state + 1] = true }
                case .any: next[state + 1] = true
                case .anything: next[state] = true
                }
            }
            skipStars(&next)
            guard next.contains(true) else { break }
            if next[elements.count] { ends.append(index + 1) }
            states = next
        }
        return ends
    }

    private func skipStars(_ states: inout [Bool]) {
        for (state, element) in elements.enumerated() where states[state] {
            if case .anything = element { states[state + 1] = true }
        }
    }
}
