/// A command's options and operands, as runc's command line has them: `--name value`, `--name=value`, `-n value`; what
/// follows the first operand of some commands belongs to the container's program.
struct Arguments {
    /// What a command knows.
    struct Grammar {
        /// Options with a value; a short form may stand behind a comma: `bundle,b`.
        var valued: [String] = []
        /// Options without one.
        var flags: [String] = []
        /// Whether options end at the first operand.
        var stopsAtOperand = false
    }

    private var values: [String: [String]] = [:]
    private var set: Set<String> = []
    private(set) var operands: [String] = []

    /// - Throws: `.invalid` for an option that the grammar does not know or that lacks its value.
    init(_ words: some Sequence<String>, _ grammar: Grammar) throws(ContainerError) {
        let valued = Self.names(grammar.valued)
        let flags = Self.names(grammar.flags)
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                return
            }
            guard word.hasPrefix("-"), word.count > 1 else {
                operands.append(word)
                if grammar.stopsAtOperand {
                    operands += rest
                    return
                }
                continue
            }
            let body = word.drop { $0 == "-" }
            let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if let canonical = flags[name] {
                if parts.count == 1 || parts[1] != "false" {
                    set.insert(canonical)
                } else {
                    set.remove(canonical)
                }
            } else if let canonical = valued[name] {
                guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                    throw ContainerError(.invalid, "flag needs an argument: -\(name)")
                }
                values[canonical, default: []].append(value)
            } else {
                throw ContainerError(.invalid, "flag provided but not defined: -\(name)")
            }
        }
    }

    /// Long names by all the names that mean them.
    private static func names(_ list: [String]) -> [String: String] {
        var result: [String: String] = [:]
        for entry in list {
            let names = entry.split(separator: ",").map(String.init)
            for name in names { result[name] = names[0] }
        }
        return result
    }

    func has(_ flag: String) -> Bool { set.contains(flag) }
    func value(_ name: String) -> String? { values[name]?.last }
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// A whole number, where the option is there.
    func number<Number: FixedWidthInteger>(_ name: String) throws(ContainerError) -> Number? {
        guard let text = value(name) else { return nil }
        guard let number = Number(text) else {
            throw ContainerError(.invalid, "invalid value \"\(text)\" for flag -\(name)")
        }
        return number
    }

    /// The one operand that every command on a container needs.
    func id() throws(ContainerError) -> String {
        guard let id = operands.first else { throw ContainerError(.invalid, "container id cannot be empty") }
        return id
    }
}
