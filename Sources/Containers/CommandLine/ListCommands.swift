import CLinux
import Glibc
import Host

/// `list`.
enum ListCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, .init(valued: ["format,f"], flags: ["quiet,q"]))
        let states = Folder.names(in: globals.layout.root).compactMap { name in
            try? ContainerState.read(id: name, layout: globals.layout)
        }
        if options.has("quiet") {
            for state in states { RuntimeCommand.say(state.id) }
            return 0
        }
        switch options.value("format") ?? "table" {
        case "json":
            let list = states.map { $0.description(status: $0.status(layout: globals.layout)) }
            // An empty list is null, as runc prints it.
            return RuntimeCommand.say(list.isEmpty ? "null" : JSONValue.array(list).description)
        case "table":
            return RuntimeCommand.say(table(states, globals.layout))
        case let format:
            throw ContainerError(.invalid, "invalid format option: \(format)")
        }
    }

    private static func table(_ states: [ContainerState], _ layout: RuntimeLayout) -> String {
        let rows = states.map { state -> [String] in
            let status = state.status(layout: layout)
            let process = status == .stopped ? "0" : String(state.processID)
            return [state.id, process, status.rawValue, state.bundle, state.created, state.owner]
        }
        return TextTable.text([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]] + rows)
    }
}

/// Columns as wide as their widest cell.
enum TextTable {
    static func text(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in
            max(rows.map { $0[column].count }.max() ?? 0, 8) + 3
        }
        return rows.map { row in
            row.indices.map { column in
                let padding = column == row.count - 1 ? 0 : widths[column] - row[column].count
                return row[column] + String(repeating: " ", count: padding)
            }.joined()
        }.joined(separator: "\n")
    }
}

/// `ps`: numbers as JSON, or the host's ps with what belongs to the container.
enum ProcessesCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, .init(valued: ["format,f"], stopsAtOperand: true))
        let state = try ContainerState.read(id: try options.id(), layout: globals.layout)
        let processes = ContainerCgroup(folders: state.cgroupPaths).processes()
        switch options.value("format") ?? "table" {
        case "json": return RuntimeCommand.say(JSONValue.array(processes.map { JSONValue($0) }).description)
        case "table": return try table(processes, Array(options.operands.dropFirst()))
        case let format: throw ContainerError(.invalid, "invalid format option: \(format)")
        }
    }

    private static func table(_ processes: [pid_t], _ given: [String]) throws(ContainerError) -> Int32 {
        let lines = try output(given.isEmpty ? ["-ef"] : given).split(separator: "\n")
        guard let title = lines.first else { return 0 }
        guard let column = title.split(separator: " ").firstIndex(of: "PID") else {
            throw ContainerError(.invalid, "couldn't find PID field in ps output")
        }
        RuntimeCommand.say(String(title))
        for line in lines.dropFirst() {
            let words = line.split(separator: " ")
            if words.count > column, let process = pid_t(words[column]), processes.contains(process) {
                RuntimeCommand.say(String(line))
            }
        }
        return 0
    }

    private static func output(_ arguments: [String]) throws(ContainerError) -> String {
        let file = viv_memfd("ps", 0)
        defer { close(file) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, file, 1)
        var list = (["ps"] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in list { free(pointer) } }
        var process: pid_t = 0
        let failure = posix_spawnp(&process, "ps", &actions, nil, &list, environ)
        guard failure == 0 else {
            throw ContainerError(.refusedByHost, SystemError("run ps", code: failure).description)
        }
        var status: Int32 = 0
        while viv_wait(process, &status, 0) < 0 && errno == EINTR {}
        return String(
            decoding: CgroupFile.bytes("/proc/self/fd/\(file)", limit: 16 << 20) ?? [], as: UTF8.self)
    }
}
