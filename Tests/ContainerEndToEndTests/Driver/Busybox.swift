import Foundation
import ProgramDriver

/// A root file system made of Debian's static busybox.
enum Busybox {
    static let name = "test/busybox:1"

    private static let names = [
        "sh", "true", "false", "sleep", "cat", "echo", "ls", "mkdir", "rm", "cp", "mv", "id", "hostname",
        "env", "pwd",
        "touch", "wc", "head", "tail", "seq", "dd", "nc", "wget", "httpd", "ping", "nslookup", "ip", "stty",
        "kill",
        "ps", "stat", "grep", "mount", "df", "chmod", "chown", "ln", "find", "sort", "tr", "test", "date",
        "trap",
        "readlink", "md5sum", "mknod", "uname", "yes", "tee", "printf", "nproc", "sync",
    ]

    /// The tree, unpacked.
    static let tree: Result<URL, any Error> = Result {
        let root = Programs.scratch.appending(path: "busybox-tree")
        let files = FileManager.default
        for folder in ["bin", "etc", "proc", "sys", "dev", "root", "www"] {
            try files.createDirectory(at: root.appending(path: folder), withIntermediateDirectories: true)
        }
        try files.createDirectory(
            at: root.appending(path: "tmp"), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o1777])
        try files.copyItem(atPath: "/bin/busybox", toPath: root.appending(path: "bin/busybox").path())
        for name in names {
            try files.createSymbolicLink(
                atPath: root.appending(path: "bin/\(name)").path(), withDestinationPath: "busybox")
        }
        try "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n".write(
            to: root.appending(path: "etc/passwd"), atomically: true, encoding: .utf8)
        try "root:x:0:\nuser:x:1000:\nextra:x:1234:user\n".write(
            to: root.appending(path: "etc/group"), atomically: true, encoding: .utf8)
        return root
    }

    /// The tree as a tar archive.
    static let archive: Result<URL, any Error> = Result {
        let file = Programs.scratch.appending(path: "busybox.tar")
        let answer = try Command.run(
            URL(filePath: "/usr/bin/env"),
            ["tar", "-C", try tree.get().path(), "--owner=0", "--group=0", "-cf", file.path(), "."])
        guard answer.code == 0 else { throw Disappointment(answer.errors) }
        return file
    }
}
