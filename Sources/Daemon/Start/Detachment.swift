import Glibc
import Host

/// Starting the daemon in the background, and telling whoever waits that it answers.
enum Detachment {
    /// Seconds that the daemon in the background has until it answers.
    private static let patience: Int32 = 60

    /// Starts this program again in the background, waits until it answers, and ends this process.
    static func run(_ words: [String], _ folders: DaemonFolders) throws(DaemonError) -> Never {
        let log = "\(folders.run)/vivd.log"
        do throws(SystemError) {
            let ends = try pipe()
            let output = try Host.FileDescriptor.open(log, O_WRONLY | O_CREAT | O_APPEND)
            let input = try Host.FileDescriptor.open("/dev/null")
            let kept = words.filter { $0 != "--detach" && $0 != "-d" }
            let child = try ChildProcess(
                "/proc/self/exe", kept + ["--ready-fd", "3"],
                inherit: [
                    .init(input.raw, as: 0), .init(output.raw, as: 1), .init(output.raw, as: 2),
                    .init(ends.write, as: 3),
                ])
            close(ends.write)
            if waitForWord(ends.read) {
                print("vivd runs, process \(child.pid), log \(log)")
                exit(0)
            }
        } catch {
            throw DaemonError(.system, "\(error)")
        }
        throw DaemonError(.system, "the daemon did not start: \(log) says why")
    }

    private static func pipe() throws(SystemError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        try checked("make a pipe") { Glibc.pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func waitForWord(_ descriptor: Int32) -> Bool {
        var slot = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&slot, 1, patience * 1000) > 0 else { return false }
        return (try? Descriptors.read(descriptor, limit: 16))?.isEmpty == false
    }
}

enum Readiness {
    /// Writes `ready` and closes the descriptor.
    static func announce(_ descriptor: Int32?) {
        guard let descriptor else { return }
        try? Descriptors.writeAll(descriptor, Array("ready\n".utf8))
        close(descriptor)
    }
}

enum PIDFile {
    static func write(_ path: String) throws(DaemonError) {
        let temporary = "\(path).new"
        do throws(SystemError) {
            let file = try Host.FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
            try Descriptors.writeAll(file.raw, Array("\(getpid())\n".utf8))
            try checked("write \(path)") { rename(temporary, path) }
        } catch {
            throw DaemonError(.system, "\(error)")
        }
    }
}
