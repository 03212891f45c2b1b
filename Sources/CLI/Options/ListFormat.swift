import ArgumentParser
import Model

/// How lists are printed.
enum ListFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json

    /// Prints `items`: as a table built by `table`, or as one JSON array.
    func show<Item: Encodable>(_ items: [Item], as table: ([Item]) -> Table) {
        switch self {
        case .table: Report.line(table(items).description)
        case .json: Report.line(String(decoding: JSONLine.encode(items).dropLast(), as: UTF8.self))
        }
    }
}
