import CLinux
import Glibc
import Host

/// The folder in which one container's state is, with the lock that makes operations exclusive.
struct StateFolder: ~Copyable {
    let id: String
    let layout: RuntimeLayout
    /// Held as long as the value lives.
    private let lock: FileDescriptor

    /// A new folder.
    ///
    /// - Throws: `.conflict` when the id is taken.
    static func create(id: String, layout: RuntimeLayout) throws(ContainerError) -> StateFolder {
        guard RuntimeLayout.isValid(id: id) else {
            throw ContainerError(.invalid, "invalid container ID format: \(id)")
        }
        do {
            if mkdir(layout.folder(of: id), 0o711) != 0 {
                if errno == EEXIST {
                    throw ContainerError(.conflict, "container with given ID already exists")
                }
                guard errno == ENOENT else { throw SystemError("make \(layout.folder(of: id))") }
                try Folder.create(layout.root, mode: 0o700)
                try checked("make \(layout.folder(of: id))") { mkdir(layout.folder(of: id), 0o711) }
            }
            return StateFolder(id: id, layout: layout, lock: try locked(layout.lock(of: id), id: id))
        } catch let error as ContainerError {
            throw error
        } catch {
            throw ContainerError(.system, "\(error)")
        }
    }

    /// The folder of a container that exists; waits while another operation is at work on it.
    ///
    /// - Throws: `.notFound` when there is none.
    static func open(id: String, layout: RuntimeLayout) throws(ContainerError) -> StateFolder {
        guard RuntimeLayout.isValid(id: id) else {
            throw ContainerError(.invalid, "invalid container ID format: \(id)")
        }
        var status = stat()
        guard stat(layout.folder(of: id), &status) == 0 else {
            throw ContainerError(.notFound, "container \"\(id)\" does not exist")
        }
        do {
            return StateFolder(id: id, layout: layout, lock: try locked(layout.lock(of: id), id: id))
        } catch {
            throw ContainerError(.system, error.description)
        }
    }

    private static func locked(_ path: String, id: String) throws(SystemError) -> FileDescriptor {
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT)
        let raw = file.raw
        try checked("lock container \(id)") { flock(raw, LOCK_EX) }
        return file
    }

    private init(id: String, layout: RuntimeLayout, lock: consuming FileDescriptor) {
        self.id = id
        self.layout = layout
        self.lock = lock
    }

    func read() throws(ContainerError) -> ContainerState { try ContainerState.read(id: id, layout: layout) }

    /// Replaces the state at once. It means nothing after a crash of the host, so it is not forced to the disk.
    func write(_ state: ContainerState) throws(ContainerError) {
        let path = layout.state(of: id)
        do {
            let file = try FileDescriptor.open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC)
            try Descriptors.writeAll(file.raw, Array(state.json.description.utf8))
            try checked("write \(path)") { rename(path + ".new", path) }
        } catch {
            throw ContainerError(.system, "\(error)")
        }
    }

    /// Keeps what the container was made from.
    func keep(_ text: [UInt8]) throws(ContainerError) {
        do {
            let file = try FileDescriptor.open(layout.config(of: id), O_WRONLY | O_CREAT | O_TRUNC)
            try Descriptors.writeAll(file.raw, text)
        } catch {
            throw ContainerError(.system, "\(error)")
        }
    }

    /// A socket at which the container waits for its start.
    func listen() throws(ContainerError) -> Int32 {
        let folder = viv_open_folder(layout.folder(of: id))
        defer { close(folder) }
        let socket = viv_packet_socket()
        // The path by way of the descriptor is short, whatever the folder's own length.
        guard socket >= 0, viv_bind_unix(socket, "/proc/self/fd/\(folder)/start.sock") == 0,
            Glibc.listen(socket, 1) == 0
        else { throw ContainerError(.system, SystemError("make \(layout.startSocket(of: id))").description) }
        return socket
    }

    /// Connects to the container that waits; `nil` when it does not.
    func connect() -> Int32? {
        let folder = viv_open_folder(layout.folder(of: id))
        defer { close(folder) }
        let socket = viv_packet_socket()
        if socket >= 0, viv_connect_unix(socket, "/proc/self/fd/\(folder)/start.sock") == 0 { return socket }
        close(socket)
        return nil
    }

    var isWaiting: Bool { access(layout.startSocket(of: id), F_OK) == 0 }

    func forgetSocket() { unlink(layout.startSocket(of: id)) }

    /// Removes the folder and all that is in it.
    func remove() throws(ContainerError) {
        for path in [
            layout.startSocket(of: id), layout.state(of: id), layout.state(of: id) + ".new",
            layout.config(of: id), layout.lock(of: id),
        ] { unlink(path) }
        guard rmdir(layout.folder(of: id)) == 0 || errno == ENOENT else {
            throw ContainerError(.system, SystemError("remove \(layout.folder(of: id))").description)
        }
    }
}
