/// What `--chmod` asks for: `0755`, or `u=rwx,go+rX`.
package struct FileModeChange: Equatable, Sendable {
    private enum Action: Equatable {
        case add, remove, set
    }

    private struct Clause: Equatable {
        /// Of 0o7777: the bits of the classes named.
        let classes: UInt32
        let action: Action
        /// r, w and x in one digit; bits of set-id and sticky above.
        let rights: UInt32
        let special: UInt32
        /// `X`: execution only for folders and what somebody may execute.
        let conditionalExecution: Bool
    }

    private let absolute: UInt32?
    private let clauses: [Clause]

    /// `nil` when `text` is neither octal nor symbolic.
    package init?(_ text: String) {
        if !text.isEmpty, text.utf8.allSatisfy(\.isDigit) {
            guard let mode = UInt32(text, radix: 8), mode <= 0o7777 else { return nil }
            absolute = mode
            clauses = []
            return
        }
        absolute = nil
        var clauses: [Clause] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let parsed = Self.clauses(part) else { return nil }
            clauses += parsed
        }
        self.clauses = clauses
    }

    private static func clauses(_ text: Substring) -> [Clause]? {
        let who = text.prefix { "ugoa".contains($0) }
        var rest = text.dropFirst(who.count)
        var classes: UInt32 = 0
        for letter in who.isEmpty ? "a" : who { classes |= bits(of: letter) }
        var result: [Clause] = []
        while let sign = rest.first {
            let actions: [Character: Action] = ["+": .add, "-": .remove, "=": .set]
            guard let action = actions[sign] else { return nil }
            rest = rest.dropFirst()
            let letters = rest.prefix { !"+-=".contains($0) }
            rest = rest.dropFirst(letters.count)
            guard let clause = clause(classes, action, letters) else { return nil }
            result.append(clause)
        }
        return result.isEmpty ? nil : result
    }

    private static func bits(of letter: Character) -> UInt32 {
        switch letter {
        case "u": 0o4700
        case "g": 0o2070
        case "o": 0o1007
        default: 0o7777
        }
    }

    private static func clause(_ classes: UInt32, _ action: Action, _ letters: Substring) -> Clause? {
        var rights: UInt32 = 0
        var special: UInt32 = 0
        var isConditional = false
        for letter in letters {
            switch letter {
            case "r": rights |= 4
            case "w": rights |= 2
            case "x": rights |= 1
            case "X": isConditional = true
            case "s": special |= 0o6000
            case "t": special |= 0o1000
            default: return nil
            }
        }
        return Clause(
            classes: classes, action: action, rights: rights, special: special,
            conditionalExecution: isConditional)
    }

    /// The rights, set-id and sticky bits of a file that has `mode` now.
    package func applied(to mode: UInt32, isDirectory: Bool) -> UInt32 {
        if let absolute { return absolute }
        return clauses.reduce(mode & 0o7777) { mode, clause in
            var rights = clause.rights
            if clause.conditionalExecution, isDirectory || mode & 0o111 != 0 { rights |= 1 }
            let wanted = (rights * 0o111 | clause.special) & clause.classes
            return switch clause.action {
            case .add: mode | wanted
            case .remove: mode & ~wanted
            case .set: mode & ~(clause.classes & (0o777 | clause.special)) | wanted
            }
        }
    }
}
