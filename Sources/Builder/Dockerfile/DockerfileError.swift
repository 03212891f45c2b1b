/// What is wrong with a Dockerfile, and where.
struct DockerfileError: Error, Equatable {
    let message: String
    let position: SourcePosition

    init(_ message: String, at position: SourcePosition) {
        self.message = message
        self.position = position
    }

    /// `NAME:LINE: message`, then the line itself with a mark below the place.
    func described(file: String, lines: [String]) -> String {
        var text = "\(file):\(position.line): \(message)"
        guard lines.indices.contains(position.line - 1) else { return text }
        let line = lines[position.line - 1]
        let number = String(position.line)
        let margin = String(repeating: " ", count: number.count)
        let before = line.utf8.prefix(max(position.column - 1, 0))
        // Tabs are kept, so that the mark stands under its place whatever their width.
        let indent = String(decoding: before, as: UTF8.self).map { $0 == "\t" ? "\t" : " " }.joined()
        text += "\n \(number) | \(line)\n \(margin) | \(indent)^"
        return text
    }
}

/// Finds the word that was probably meant.
enum Suggestion {
    /// The candidate nearest to `word`, if it is near: at most a third of the letters differ.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let ranked = candidates.map { ($0, distance(Array(word.utf8), Array($0.utf8))) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(1, (best.0.utf8.count + 1) / 3) ? best.0 : nil
    }

    /// Insertions, deletions, substitutions and swaps of neighbours between two words.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let substitution = rows[i][j] + (left[i] == right[j] ? 0 : 1)
                var best = min(row[j] + 1, rows[i][j + 1] + 1, substitution)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
