import Model

/// `KEY=VALUE` in its many places.
package enum KeyValue {
    /// Labels, annotations, sysctls, options of drivers: a missing value is empty.
    package static func dictionary(_ texts: [String], option: String) throws(Failure) -> [String: String] {
        var result: [String: String] = [:]
        for text in texts {
            let key = CommaList.key(of: text)
            guard !key.isEmpty else { throw .badCommandLine("\(option) takes KEY=VALUE, not '\(text)'") }
            result[key] = CommaList.value(of: text) ?? ""
        }
        return result
    }

    /// Environment variables: a bare name takes the value that it has here, and removes the image's variable when
    /// it has none.
    package static func environment(_ texts: [String], inherited: (String) -> String?) throws(Failure)
        -> [String]
    {
        var result: [String] = []
        for text in texts {
            let name = CommaList.key(of: text)
            guard !name.isEmpty else { throw .badCommandLine("-e takes NAME=VALUE, not '\(text)'") }
            let isBare = name.count == text.count
            result.append(isBare ? inherited(name).map { "\(name)=\($0)" } ?? name : text)
        }
        return result
    }

    /// The lines of a file of variables or labels. Empty lines and those that start with `#` are nothing; a bare
    /// name takes the value that it has here, or is left out.
    package static func lines(of text: String, file: String, inherited: (String) -> String?) throws(Failure)
        -> [String]
    {
        var result: [String] = []
        let text = text.hasPrefix("\u{feff}") ? text.dropFirst() : text[...]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let line = String(line.trimmingPrefix(while: \.isWhitespace))
            if line.isEmpty || line.hasPrefix("#") { continue }
            let name = CommaList.key(of: line)
            guard !name.isEmpty, !name.contains(where: \.isWhitespace) else {
                throw .badCommandLine("\(file), line \(index + 1): '\(name)' is no name of a variable")
            }
            if name.count < line.count {
                result.append(line)
            } else if let value = inherited(name) {
                result.append("\(name)=\(value)")
            }
        }
        return result
    }

    /// `--filter KEY=VALUE`, repeated.
    package static func filters(_ texts: [String]) throws(Failure) -> Filters {
        var filters = Filters()
        for text in texts {
            let key = CommaList.key(of: text)
            guard !key.isEmpty, let value = CommaList.value(of: text) else {
                throw .badCommandLine("--filter takes KEY=VALUE, such as status=running, not '\(text)'")
            }
            filters.add(key, value)
        }
        return filters
    }
}
