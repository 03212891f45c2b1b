import ArgumentParser
import Model

/// How a list or a document is printed: `table`, `json`, a template, or `table` with a template for its columns.
package enum OutputFormat: Equatable, Sendable {
    case table
    case json
    case template(Template)
    case columns(Template)

    package init(parsing text: String) throws(Failure) {
        do {
            switch text {
            case "table", "": self = .table
            case "json": self = .json
            case _ where text.hasPrefix("table "):
                self = .columns(try Template(parsing: String(text.dropFirst("table ".count))))
            case _ where text.contains("{{"): self = .template(try Template(parsing: text))
            default:
                throw Failure.badCommandLine(
                    "unknown format '\(text)': use table, json or a template such as '{{.ID}}'")
            }
        } catch let error as TemplateError {
            throw .badCommandLine(error.description)
        } catch {
            throw error as? Failure ?? .badCommandLine("\(error)")
        }
    }
}

/// A list on its way to the user.
package struct Listing {
    /// A column of the table: its heading and the field it shows.
    package struct Column: Equatable, Sendable {
        let title: String
        let field: String

        package init(_ title: String, _ field: String) {
            self.title = title
            self.field = field
        }
    }

    let columns: [Column]
    /// What templates and tables see: objects of text, in Docker's names.
    private var rows: [JSONValue] = []
    /// What `--format json` prints: our own values, whole.
    private var values: [JSONValue] = []

    package init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; `value` is the thing itself.
    package mutating func add(_ row: KeyValuePairs<String, String>, value: JSONValue) {
        rows.append(.object(row.map { JSONValue.Field($0, .string($1)) }))
        values.append(value)
    }

    package func show(_ format: OutputFormat) throws(Failure) {
        for line in try lines(format) { Report.line(line) }
    }

    /// The lines that are printed.
    package func lines(_ format: OutputFormat) throws(Failure) -> [String] {
        switch format {
        case .table:
            var table = Table(columns.map(\.title))
            for row in rows { table.add(columns.map { row[$0.field]?.string ?? "" }) }
            return [table.description]
        case .json: return [JSONValue.array(values).compact]
        case .template(let template): return try rendered(template, rows)
        case .columns(let template):
            let titles = columns.map { JSONValue.Field($0.field, .string($0.title)) }
            let others = (rows.first?.fields ?? []).filter { field in
                !titles.contains { $0.name == field.name }
            }
            let heading = JSONValue.object(
                titles + others.map { JSONValue.Field($0.name, .string($0.name.uppercased())) })
            let cells = try rendered(template, [heading] + rows).map { Self.cells($0) }
            return [Table(aligning: cells).description]
        }
    }

    private static func cells(_ line: String) -> [String] {
        line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }

    private func rendered(_ template: Template, _ rows: [JSONValue]) throws(Failure) -> [String] {
        do throws(TemplateError) {
            var lines: [String] = []
            for row in rows { lines.append(try template.render(row)) }
            return lines
        } catch {
            throw .badCommandLine(error.description)
        }
    }
}

/// What every list takes.
struct ListOptions: ParsableArguments {
    @Option(help: ArgumentHelp("table, json, or a template such as '{{.ID}}'.", valueName: "format"))
    var format: String?

    @Flag(name: [.customShort("q"), .long], help: "Only ids or names.")
    var quiet = false

    @Flag(help: "Do not shorten ids and commands.")
    var noTrunc = false

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp(
            "Only what matches, such as label=tier=web; repeat for more.", valueName: "key=value"))
    var filter: [String] = []

    func outputFormat() throws(Failure) -> OutputFormat { try OutputFormat(parsing: format ?? "table") }

    /// The conditions as the daemon takes them; `nil` when there are none.
    func filters() throws(Failure) -> String? { try Self.encoded(filter) }

    static func encoded(_ texts: [String]) throws(Failure) -> String? {
        let filters = try KeyValue.filters(texts)
        return filters.isEmpty ? nil : JSONValue(filters).compact
    }

    /// Ids as they are shown: without `sha256:`, and short unless told otherwise.
    func id(_ text: String) -> String {
        if noTrunc { return text }
        return String((text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]).prefix(12))
    }
}
