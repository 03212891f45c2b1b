import Glibc
import Host

/// Programs of the host that make guests: apt-get, dpkg-deb, xz, mke2fs.
struct Tool: Sendable {
    let path: String

    /// Finds a program where Debian keeps them; `/usr/sbin` is not on every user's PATH.
    init(_ name: String, package: String) throws(CatalogueError) {
        let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
        guard let folder = folders.first(where: { access("\($0)/\(name)", X_OK) == 0 }) else {
            throw CatalogueError(
                .unusableFile, "\(name) is missing on this host: install the package '\(package)'")
        }
        path = "\(folder)/\(name)"
    }

    /// What a finished program has said.
    struct Output {
        let exit: ChildProcess.Exit
        let output: [UInt8]
        /// Standard error.
        let complaints: String

        var text: String { String(decoding: output, as: UTF8.self) }
        var succeeded: Bool { exit == .exited(0) }
    }

    /// Where standard output goes.
    enum Destination {
        case captured
        /// To our own standard error, for the user to watch.
        case shown
    }

    /// Runs the program to its end, without input. Output is kept in unlinked files, which no
    /// amount of it can block.
    func run(
        _ arguments: [String], environment: [String] = [], in folder: String? = nil,
        output: Destination = .captured
    ) throws(CatalogueError) -> Output {
        do {
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            let captured = try FileDescriptor.unlinked(in: "/tmp")
            let complaints = try FileDescriptor.unlinked(in: "/tmp")
            let program = folder == nil ? path : "/usr/bin/env"
            let prefix = folder.map { ["--chdir=\($0)", path] } ?? []
            let child = try ChildProcess(
                program, prefix + arguments,
                inherit: [
                    .init(null.raw, as: 0),
                    .init(output == .captured ? captured.raw : STDERR_FILENO, as: 1),
                    .init(complaints.raw, as: 2),
                ],
                group: .ours,
                environment: ChildProcess.ownEnvironment + ["LC_ALL=C.UTF-8"] + environment)
            let exit = child.reap()
            return Output(
                exit: exit, output: try Self.contents(captured.raw),
                complaints: String(decoding: try Self.contents(complaints.raw), as: UTF8.self))
        } catch {
            throw CatalogueError(.internalFault, "\(error)")
        }
    }

    private static func contents(_ descriptor: Int32) throws(SystemError) -> [UInt8] {
        lseek(descriptor, 0, SEEK_SET)
        var bytes: [UInt8] = []
        while let more = try Descriptors.read(descriptor), !more.isEmpty { bytes += more }
        return bytes
    }
}
