import CLinux
import Glibc

/// Keeps containers from overwriting this program through /proc/PID/exe (CVE-2019-5736): the process that enters a
/// container runs from a read-only mount of the file, or from a sealed copy in memory.
enum SelfProtection {
    private static let ownFile = "/proc/self/exe"

    /// Runs this program again from a protected file, unless it does already. Where the host allows neither, the program
    /// goes on: then it has no rights that a container could misuse.
    static func ensure() {
        var isReadOnly = false
        guard viv_file_system(ownFile, &isReadOnly) >= 0, !isReadOnly else { return }
        let current = viv_open(ownFile, O_RDONLY | O_CLOEXEC, 0)
        guard current >= 0 else { return }
        defer { close(current) }
        if viv_seals(current) & 8 != 0, viv_seals(current) > 0 { return }
        if let tree = readOnlyTree() { execute(tree) }
        if let copy = sealedCopy(of: current) { execute(copy) }
    }

    private static func readOnlyTree() -> Int32? {
        let tree = viv_open_tree(ownFile, false)
        guard tree >= 0 else { return nil }
        if viv_mount_attributes(tree, 1, 0, false) == 0 { return tree }
        close(tree)
        return nil
    }

    private static func sealedCopy(of file: Int32) -> Int32? {
        let copy = viv_sealed_memfd()
        var status = stat()
        guard copy >= 0, fstat(file, &status) == 0 else { return nil }
        var rest = status.st_size
        while rest > 0 {
            let count = sendfile(copy, file, nil, rest)
            guard count > 0 else { return nil }
            rest -= count
        }
        return viv_seal(copy) == 0 ? copy : nil
    }

    private static func execute(_ file: Int32) {
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        _ = viv_execute_open(file, &arguments, environ)
        for argument in arguments { free(argument) }
        close(file)
    }
}
