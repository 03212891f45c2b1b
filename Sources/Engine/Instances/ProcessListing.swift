import Model

/// The part of the host's `ps` that belongs to one instance.
enum ProcessListing {
    /// - Parameters:
    ///   - output: what ps(1) has printed: a line of titles, then one line a process.
    ///   - pids: the instance's processes, seen from the host.
    /// - Throws: `invalid` when the chosen columns do not tell which process is which.
    static func table(_ output: String, pids: Set<Int32>) throws(EngineError) -> ProcessTable {
        let lines = output.split(separator: "\n").map(String.init)
        let titles = lines.first?.split(separator: " ").map(String.init) ?? []
        guard let column = titles.firstIndex(of: "PID") else {
            throw EngineError(.invalid, "Couldn't find PID field in ps output")
        }
        var table = ProcessTable(titles: titles, processes: [])
        for line in lines.dropFirst() {
            let fields = fields(line, count: titles.count)
            guard fields.count > column, let pid = Int32(fields[column]), pids.contains(pid) else { continue }
            table.processes.append(fields)
        }
        return table
    }

    /// The last column, the command, may hold spaces.
    private static func fields(_ line: String, count: Int) -> [String] {
        line.split(separator: " ", maxSplits: max(count - 1, 0), omittingEmptySubsequences: true)
            .map { part in String(part.drop { $0 == " " }) }
    }

    /// Refuses arguments that would put something else where the PID is read (Docker does the same).
    static func check(_ arguments: [String]) throws(EngineError) {
        for argument in arguments where argument.contains("\n") || argument.contains("\0") {
            throw EngineError(.invalid, "arguments of ps cannot hold line breaks")
        }
        for (index, argument) in arguments.enumerated() {
            let format = argument.hasPrefix("-o") ? String(argument.dropFirst(2)) : argument
            let follows = index > 0 && ["-o", "o", "--format"].contains(arguments[index - 1])
            guard follows || argument.hasPrefix("-o"), format.contains("=") else { continue }
            let renamed = format.split(separator: ",").contains { column in
                let parts = column.split(separator: "=", maxSplits: 1)
                return parts.count == 2 && (parts[1] == "PID") != (parts[0] == "pid")
            }
            guard !renamed else {
                throw EngineError(.invalid, "specifying \"\(format)\" is not allowed")
            }
        }
    }
}
