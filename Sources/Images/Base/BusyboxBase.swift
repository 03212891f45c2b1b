import Glibc
import Host

/// An image of Debian's static busybox: one program, a link for each of its names, and the files that it expects.
struct BusyboxBase: Sendable {
    func write(to file: Int32, _ progress: ProgressSink) throws(ImageError) {
        guard let tool = HostTool.find("busybox"),
            let program = try WholeFile.read(tool.path, limit: 64 << 20), !Self.isDynamic(program)
        else {
            throw ImageError(
                .notFound, "a static busybox is missing on this host: install the package 'busybox-static'")
        }
        progress(.init("Putting busybox together"))
        let names = try tool.text(["--list-full"]).split(separator: "\n").map(String.init)
        let writer = TarWriter(DescriptorSink(file, name: "the new system"))
        for folder in Self.folders {
            let isOpen = folder == "tmp/" || folder == "var/tmp/"
            try writer.add(
                TarEntry(
                    path: folder, kind: .directory, mode: isOpen ? 0o1777 : folder == "root/" ? 0o700 : 0o755)
            )
        }
        try writer.add(TarEntry(path: "bin/busybox", kind: .file, mode: 0o755), data: program)
        for name in names.sorted()
        where name != "bin/busybox" && FileTree.components(name) != nil && !name.isEmpty {
            var link = TarEntry(path: name, kind: .hardLink, mode: 0o755)
            link.link = "bin/busybox"
            try writer.add(link)
        }
        for (path, text) in Self.files {
            try writer.add(TarEntry(path: path, kind: .file), data: Array(text.utf8))
        }
        try writer.finish()
    }

    private static let folders = [
        "bin/", "dev/", "etc/", "home/", "proc/", "root/", "sbin/", "sys/", "tmp/", "usr/", "usr/bin/",
        "usr/sbin/",
        "var/", "var/spool/", "var/tmp/", "var/www/",
    ]

    private static let files = [
        ("etc/group", "root:x:0:\ndaemon:x:1:\nusers:x:100:\nnogroup:x:65534:\n"),
        (
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n"
        ),
        ("etc/shadow", "root:*::0:::::\n"),
    ]

    /// Whether an ELF program asks for an interpreter, as dynamic ones do near their start.
    private static func isDynamic(_ program: [UInt8]) -> Bool {
        let marker = Array("/ld-linux".utf8)
        let start = program.prefix(4096)
        return start.indices.contains { start[$0...].starts(with: marker) }
    }
}
