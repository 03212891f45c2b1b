/// Rows in aligned columns under headings, for people; machines ask for JSON.
package struct Table: CustomStringConvertible {
    private let columns: [String]
    private var rows: [[String]] = []

    package init(_ columns: [String]) { self.columns = columns }

    /// Rows of any length, the first of them the heading.
    init(aligning cells: [[String]]) {
        let count = cells.map(\.count).max() ?? 0
        let padded = cells.map { $0 + Array(repeating: "", count: count - $0.count) }
        columns = padded.first ?? []
        rows = Array(padded.dropFirst())
    }

    /// Adds a row with one cell a column.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "one cell for each column")
        rows.append(cells)
    }

    /// Cells are left-aligned, two spaces apart, without trailing spaces.
    package var description: String {
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([columns] + rows).map { Self.line($0, widths) }.joined(separator: "\n")
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = zip(cells, widths).map { cell, width in
            cell + String(repeating: " ", count: width - cell.count)
        }.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }
}
