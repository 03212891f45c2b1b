/// Lists of `NAME=value`.
enum Environment {
    /// `base` with the variables of `changes` replaced or added at the end; a bare `NAME` in `changes` removes one.
    static func merge(_ base: [String], _ changes: [String]) -> [String] {
        var result = base
        for change in changes {
            let name = self.name(of: change)
            let index = result.firstIndex { self.name(of: $0) == name }
            if !change.contains("=") {
                if let index { result.remove(at: index) }
            } else if let index {
                result[index] = change
            } else {
                result.append(change)
            }
        }
        return result
    }

    private static func name(of variable: String) -> Substring { variable.prefix { $0 != "=" } }
}
