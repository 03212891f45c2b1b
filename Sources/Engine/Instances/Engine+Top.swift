import Containers
import Glibc
import Host
import Model

extension Engine {
    /// - Parameter arguments: those of ps(1); empty means `-ef`.
    package func top(_ name: String, arguments: [String] = []) async throws(EngineError) -> ProcessTable {
        let entry = try entry(name)
        guard entry.isRunning else { throw EngineError(.conflict, "container \(entry.id) is not running") }
        guard entry.container != nil else {
            throw EngineError(.unsupported, "the processes of a machine are its guest's own")
        }
        try ProcessListing.check(arguments)
        let command = arguments.isEmpty ? ["-ef"] : arguments
        let (id, runtime) = (entry.id.text, layout.runtime)
        return try await blocking {
            let state = try ContainerState.read(id: id, layout: runtime)
            let pids = CgroupProcesses.all(state.cgroupPaths)
            return try ProcessListing.table(try Program.output("ps", command), pids: pids)
        }
    }
}

/// Processes of control groups.
enum CgroupProcesses {
    /// All below the first hierarchy that lists any: each process is in every one.
    static func all(_ folders: [String: String]) -> Set<Int32> {
        for folder in folders.sorted(by: { $0.key < $1.key }).map(\.value) {
            let found = below(folder)
            if !found.isEmpty { return found }
        }
        return []
    }

    private static func below(_ folder: String) -> Set<Int32> {
        let lines = (SmallFile.text("\(folder)/cgroup.procs") ?? "").split(separator: "\n")
        var found = Set(lines.compactMap { Int32($0) })
        for name in Folder.names(in: folder) where Folder.exists("\(folder)/\(name)") {
            found.formUnion(below("\(folder)/\(name)"))
        }
        return found
    }
}

/// Programs of the host that are run for their output.
enum Program {
    /// What a program prints. Blocks.
    ///
    /// - Throws: `invalid`, with its complaint, when it fails.
    static func output(_ name: String, _ arguments: [String]) throws -> String {
        var pipe = try Pipe()
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let child = try ChildProcess(
            name, arguments,
            inherit: [
                ChildProcess.Inheritance(null.raw, as: 0), ChildProcess.Inheritance(pipe.writer, as: 1),
                ChildProcess.Inheritance(pipe.writer, as: 2),
            ])
        pipe.closeWriter()
        let text = String(decoding: SmallFile.read(pipe.reader, limit: 16 << 20) ?? [], as: UTF8.self)
        guard child.reap() == .exited(0) else {
            throw EngineError(.invalid, "\(name) failed: \(text.split(separator: "\n").first ?? "")")
        }
        return text
    }
}

/// Bytes of trees.
enum TreeSize {
    /// Bytes of all files below `path`; a file with several names counts once.
    static func bytes(below path: String) -> Int64 {
        var seen: Set<UInt64> = []
        return sum(path, &seen)
    }

    private static func sum(_ path: String, _ seen: inout Set<UInt64>) -> Int64 {
        var total: Int64 = 0
        for name in Folder.names(in: path) {
            let item = "\(path)/\(name)"
            var info = stat()
            guard lstat(item, &info) == 0 else { continue }
            switch info.st_mode & S_IFMT {
            case S_IFDIR: total += sum(item, &seen)
            case S_IFREG:
                if info.st_nlink == 1 || seen.insert(UInt64(info.st_ino)).inserted {
                    total += Int64(info.st_size)
                }
            default: break
            }
        }
        return total
    }
}
