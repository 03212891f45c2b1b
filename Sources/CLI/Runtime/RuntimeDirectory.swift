import Glibc
import Host
import Model

/// Where the running machines of this user are found: one folder per machine id, each with a control
/// socket, below `$XDG_RUNTIME_DIR/vivarium`.
struct RuntimeDirectory: Sendable {
    let path: String

    /// Falls back to `/run` for root, to `/run/user/UID` for others, and where that is missing to
    /// `/tmp/vivarium-UID`, which must be ours.
    static func standard() throws(Failure) -> RuntimeDirectory {
        let user = getuid()
        for base in [HostMachine.environment("XDG_RUNTIME_DIR"), user == 0 ? "/run" : "/run/user/\(user)"] {
            guard let base, access(base, W_OK) == 0 else { continue }
            return try RuntimeDirectory(creating: base + "/vivarium")
        }
        return try RuntimeDirectory(creating: "/tmp/vivarium-\(user)")
    }

    /// Makes the folder for this user alone, and refuses one that belongs to somebody else.
    init(creating path: String) throws(Failure) {
        self.path = path
        mkdir(path, 0o700)
        var info = stat()
        guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
            throw .refused(
                "cannot make the folder \(path): set XDG_RUNTIME_DIR to a folder that you can write to")
        }
        guard info.st_uid == getuid(), info.st_mode & 0o077 == 0 else {
            throw .refused(
                "\(path) is not private to you: remove it, or set XDG_RUNTIME_DIR to another folder")
        }
    }

    func folder(of id: MachineID) -> String { "\(path)/\(id)" }

    func controlSocket(of id: MachineID) -> String { "\(folder(of: id))/control.sock" }

    /// Makes the folder of a new machine.
    func create(_ id: MachineID) throws(Failure) {
        guard mkdir(folder(of: id), 0o700) == 0 else {
            throw .refused("\(SystemError("make the folder \(folder(of: id))"))")
        }
    }

    /// Removes the folder of a machine that has ended.
    func remove(_ id: MachineID) {
        unlink(controlSocket(of: id))
        rmdir(folder(of: id))
    }

    /// The machines that answer, in order of their ids. Folders that dead machines left are removed.
    func running() -> [MachineID] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var ids: [MachineID] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let id = MachineID(name) { ids.append(id) }
        }
        return ids.filter(isAlive).sorted { $0.text < $1.text }
    }

    private func isAlive(_ id: MachineID) -> Bool {
        do {
            _ = try UnixSocket.connect(controlSocket(of: id))
            return true
        } catch {
            if error.code == ECONNREFUSED { remove(id) }
            return false
        }
    }
}
