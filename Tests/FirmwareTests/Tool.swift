import Glibc

/// A program of the host that checks our work: standard input in, standard output out.
struct Tool {
    private let path: String

    /// `nil` when it is not installed.
    init?(_ name: String) {
        guard let path = ["/usr/bin/", "/bin/"].map({ $0 + name }).first(where: { access($0, X_OK) == 0 })
        else {
            return nil
        }
        self.path = path
    }

    /// Runs it on `input` by way of unnamed files; `nil` when it fails.
    func run(_ arguments: [String], on input: [UInt8]) throws -> [UInt8]? {
        let (source, target) = (try TemporaryFile(input), try TemporaryFile([]))
        lseek(source.descriptor, 0, SEEK_SET)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, source.descriptor, 0)
        posix_spawn_file_actions_adddup2(&actions, target.descriptor, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child = pid_t()
        guard posix_spawn(&child, path, &actions, nil, words, environ) == 0 else { return nil }
        var status: Int32 = 0
        guard waitpid(child, &status, 0) == child, status == 0 else { return nil }
        let size = Int(lseek(target.descriptor, 0, SEEK_END))
        var output = [UInt8](repeating: 0, count: size)
        guard pread(target.descriptor, &output, size, 0) == size else { return nil }
        return output
    }
}
