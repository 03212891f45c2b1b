import Glibc
import Host

/// Where a daemon keeps its things.
package struct DaemonFolders: Equatable, Sendable {
    package let data: String
    package let run: String

    /// The folders of the options, or of the user.
    package init(_ options: DaemonOptions, user: UInt32, environment: (String) -> String?) {
        data = options.data ?? Self.data(user, environment)
        run = options.run ?? Self.run(user, environment)
    }

    private static func data(_ user: UInt32, _ environment: (String) -> String?) -> String {
        if user == 0 { return "/var/lib/vivarium" }
        if let folder = environment("XDG_DATA_HOME"), folder.hasPrefix("/") { return "\(folder)/vivarium" }
        return "\(environment("HOME") ?? "/tmp")/.local/share/vivarium"
    }

    private static func run(_ user: UInt32, _ environment: (String) -> String?) -> String {
        if let folder = environment("XDG_RUNTIME_DIR"), folder.hasPrefix("/") { return "\(folder)/vivarium" }
        if user == 0 { return "/run/vivarium" }
        let folder = "/run/user/\(user)"
        return access(folder, W_OK) == 0 ? "\(folder)/vivarium" : "/tmp/vivarium-\(user)"
    }

    /// Makes both folders; the run folder must belong to this user alone, as whoever reaches it commands the daemon.
    package func make() throws(DaemonError) {
        do throws(SystemError) {
            try Folder.create(data, mode: 0o700)
            try Folder.create(run, mode: 0o700)
        } catch {
            throw DaemonError(.system, "\(error)")
        }
        var info = stat()
        guard lstat(run, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, info.st_uid == geteuid() else {
            throw DaemonError(.system, "\(run) does not belong to you: name another folder with --run")
        }
        if info.st_mode & 0o077 != 0, chmod(run, 0o700) != 0 {
            throw DaemonError(
                .system, "\(run) is open to others and cannot be closed: name another with --run")
        }
    }

    /// The first that comes gets it, for as long as it lives.
    package func lock() throws(DaemonError) -> Host.FileDescriptor {
        let file: Host.FileDescriptor
        do throws(SystemError) {
            file = try Host.FileDescriptor.open("\(run)/vivd.lock", O_RDWR | O_CREAT)
        } catch {
            throw DaemonError(.system, "\(error)")
        }
        guard file.lock(exclusive: true) else {
            throw DaemonError(
                .addressInUse,
                "another vivd runs already (\(run)/vivd.lock is held): stop it first, or name other folders "
                    + "with --data and --run")
        }
        return file
    }
}
