/// The word that somebody may have meant.
package enum Suggestion {
    /// The one of `words` that differs from `text` by the fewest letters, if that is few enough to be meant.
    package static func nearest(to text: String, among words: [String]) -> String? {
        let bound = max(1, text.count / 3)
        let distances = words.map { (word: $0, distance: distance(text.lowercased(), $0.lowercased())) }
        guard let best = distances.min(by: { $0.distance < $1.distance }), best.distance <= bound else {
            return nil
        }
        return best.word
    }

    /// Letters to add, drop, change or swap with a neighbour (Damerau-Levenshtein, restricted).
    package static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.unicodeScalars.prefix(64))
        let right = Array(right.unicodeScalars.prefix(64))
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let cost = left[i] == right[j] ? 0 : 1
                var best = min(rows[i][j] + cost, rows[i][j + 1] + 1, row[j] + 1)
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
