/// A format as Docker's users write it, in the part of Go's template language that the guide documents
/// (docs/guide/run.md): fields, `json`, `join`, `upper`, `lower`, `println`, `len`, `index`, comparisons,
/// `range`, `if`, `else`, `with`.
package struct Template: Equatable, Sendable {
    indirect enum Node: Equatable, Sendable {
        case text(String)
        case output(Pipeline)
        case condition(Pipeline, [Node], [Node])
        case range(Pipeline, [Node], [Node])
        /// Like a condition, but the value becomes the dot.
        case with(Pipeline, [Node], [Node])
    }

    /// Calls whose result is the last argument of the next.
    typealias Pipeline = [[Operand]]

    indirect enum Operand: Equatable, Sendable {
        /// `.A.B`; empty for the dot itself.
        case path([String])
        /// `$.A`: from the top.
        case root([String])
        case word(String)
        case literal(JSONValue)
        case group(Pipeline)
    }

    let nodes: [Node]

    /// - Throws: `TemplateError`, a line for the user.
    package init(parsing text: String) throws(TemplateError) {
        var parser = TemplateParser(try TemplateParser.pieces(of: Self.unescaped(text)))
        nodes = try parser.nodes(until: [])
    }

    /// Shells pass `\t` and `\n` on as they are typed.
    private static func unescaped(_ text: String) -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            switch (isEscaped, character) {
            case (true, "t"): result.append("\t")
            case (true, "n"): result.append("\n")
            case (true, _): result += "\\\(character)"
            case (false, "\\"): break
            default: result.append(character)
            }
            isEscaped = !isEscaped && character == "\\"
        }
        return isEscaped ? result + "\\" : result
    }
}

package struct TemplateError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = "cannot use the format: \(description)" }
}

/// Text outside `{{…}}` and what stands inside.
enum TemplatePiece: Equatable {
    case text(String)
    case action([TemplateToken])
}

enum TemplateToken: Equatable {
    case word(String)
    case string(String)
    case pipe, open, close
}

/// Builds nodes from pieces by recursive descent.
struct TemplateParser {
    private let pieces: [TemplatePiece]
    private var index = 0
    private var depth = 0

    init(_ pieces: [TemplatePiece]) { self.pieces = pieces }

    /// Nodes up to an action that starts with one of `ends`, which stays; up to the end when there are none.
    mutating func nodes(until ends: Set<String>) throws(TemplateError) -> [Template.Node] {
        var nodes: [Template.Node] = []
        depth += 1
        defer { depth -= 1 }
        guard depth < 32 else { throw TemplateError("it is nested too deeply") }
        while index < pieces.count {
            switch pieces[index] {
            case .text(let text): nodes.append(.text(text))
            case .action(let tokens):
                guard case .word(let word)? = tokens.first else {
                    nodes.append(.output(try Self.pipeline(tokens)))
                    break
                }
                if ends.contains(word) { return nodes }
                if let block = try block(word, tokens) {
                    nodes.append(block)
                    continue
                }
                nodes.append(.output(try Self.pipeline(tokens)))
            }
            index += 1
        }
        guard ends.isEmpty else { throw TemplateError("an {{end}} is missing") }
        return nodes
    }

    /// A block that starts here, with everything up to its `end`; `nil` when `word` starts none.
    private mutating func block(_ word: String, _ tokens: [TemplateToken]) throws(TemplateError)
        -> Template.Node?
    {
        guard ["if", "range", "with"].contains(word) else {
            if ["end", "else"].contains(word) { throw TemplateError("{{\(word)}} stands alone") }
            return nil
        }
        let subject = try Self.pipeline(Array(tokens.dropFirst()))
        index += 1
        let body = try nodes(until: ["end", "else"])
        let other = try alternative()
        index += 1
        return switch word {
        case "if": .condition(subject, body, other)
        case "range": .range(subject, body, other)
        default: .with(subject, body, other)
        }
    }

    /// What follows `else`, `else if` included; the cursor ends on the block's `end`.
    private mutating func alternative() throws(TemplateError) -> [Template.Node] {
        guard case .action(let tokens) = pieces[index], tokens.first == .word("else") else { return [] }
        index += 1
        guard tokens.count > 1 else { return try nodes(until: ["end"]) }
        guard tokens[1] == .word("if") else { throw TemplateError("'else' is followed by 'if' or nothing") }
        let subject = try Self.pipeline(Array(tokens.dropFirst(2)))
        let body = try nodes(until: ["end", "else"])
        return [.condition(subject, body, try alternative())]
    }

    private static func pipeline(_ tokens: [TemplateToken]) throws(TemplateError) -> Template.Pipeline {
        var rest = tokens[...]
        let result = try pipeline(&rest, depth: 0)
        guard rest.isEmpty else { throw TemplateError("a ')' is too many") }
        return result
    }

    private static func pipeline(_ rest: inout ArraySlice<TemplateToken>, depth: Int) throws(TemplateError)
        -> Template.Pipeline
    {
        guard depth < 32 else { throw TemplateError("it is nested too deeply") }
        var calls: Template.Pipeline = [[]]
        while let token = rest.first, token != .close {
            rest.removeFirst()
            switch token {
            case .pipe: calls.append([])
            case .open:
                calls[calls.count - 1].append(.group(try pipeline(&rest, depth: depth + 1)))
                guard rest.popFirst() == .close else { throw TemplateError("a ')' is missing") }
            case .string(let text): calls[calls.count - 1].append(.literal(.string(text)))
            case .word(let word): calls[calls.count - 1].append(operand(word))
            case .close: break
            }
        }
        guard calls.allSatisfy({ !$0.isEmpty }) else { throw TemplateError("{{}} is empty") }
        return calls
    }

    private static func operand(_ word: String) -> Template.Operand {
        func path(_ text: Substring) -> [String] { text.split(separator: ".").map(String.init) }
        if word.hasPrefix("$") { return .root(path(word.dropFirst())) }
        if word.hasPrefix(".") { return .path(path(word[...])) }
        if Double(word) != nil { return .literal(.number(word)) }
        switch word {
        case "true": return .literal(true)
        case "false": return .literal(false)
        case "nil": return .literal(.null)
        default: return .word(word)
        }
    }
}

// MARK: - Tokens

extension TemplateParser {
    /// Cuts the text at `{{` and `}}`; `{{-` and `-}}` take the white space beside them away.
    static func pieces(of text: String) throws(TemplateError) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = []
        var rest = text[...]
        var trims = false
        while let open = rest.firstRange(of: "{{") {
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
                throw TemplateError("a '}}' is missing")
            }
            var before = rest[..<open.lowerBound]
            var inside = rest[open.upperBound..<close.lowerBound]
            if trims { before = before.trimmingPrefix(while: \.isWhitespace) }
            if inside.hasPrefix("- ") {
                while before.last?.isWhitespace == true { before.removeLast() }
                inside = inside.dropFirst(2)
            }
            trims = inside.hasSuffix(" -")
            if trims { inside = inside.dropLast(2) }
            if !before.isEmpty { pieces.append(.text(String(before))) }
            if !inside.hasPrefix("/*") { pieces.append(.action(try tokens(of: inside))) }
            rest = rest[close.upperBound...]
        }
        if trims { rest = rest.trimmingPrefix(while: \.isWhitespace) }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        return pieces
    }

    private static func tokens(of text: Substring) throws(TemplateError) -> [TemplateToken] {
        var tokens: [TemplateToken] = []
        var rest = text
        while let first = rest.first {
            switch first {
            case _ where first.isWhitespace: rest.removeFirst()
            case "|", "(", ")":
                tokens.append(first == "|" ? .pipe : first == "(" ? .open : .close)
                rest.removeFirst()
            case "\"", "`": tokens.append(.string(try string(&rest)))
            default:
                let word = rest.prefix { !$0.isWhitespace && !"|()\"`".contains($0) }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
        return tokens
    }

    private static func string(_ rest: inout Substring) throws(TemplateError) -> String {
        let quote = rest.removeFirst()
        var result = ""
        while let character = rest.popFirst() {
            if character == quote { return result }
            if character == "\\", quote == "\"", let escaped = rest.popFirst() {
                result.append(escaped == "n" ? "\n" : escaped == "t" ? "\t" : escaped)
            } else {
                result.append(character)
            }
        }
        throw TemplateError("a quotation mark is missing")
    }
}
