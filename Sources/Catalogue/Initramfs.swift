/// The first file system of the built-in guests: busybox, kernel modules and an init that does what
/// the kernel command line asks for.
enum Initramfs {
    /// What `/init` does once drivers are loaded; given as `vivarium=…` on the kernel command line.
    enum Task: String {
        /// A shell on the console.
        case shell
        /// Hand over to the system on the first disk.
        case disk
        /// Make a system on the first disk from the packages that lie on it.
        case install
    }

    static func archive(busybox: [UInt8], modules: [KernelModules.Module]) -> [UInt8] {
        var archive = CPIOArchive()
        for folder in ["bin", "dev", "etc", "lib", "lib/modules", "mnt", "proc", "root", "sys", "tmp"] {
            archive.addFolder(folder)
        }
        archive.addCharacterDevice("dev/console", major: 5, minor: 1, mode: 0o600)
        archive.addFile("bin/busybox", busybox, mode: 0o755)
        archive.addLink("bin/sh", to: "busybox")
        for module in modules { archive.addFile("lib/modules/\(module.name).ko", module.contents) }
        archive.addFile("lib/modules/order", Array((modules.map(\.name).joined(separator: "\n") + "\n").utf8))
        for (path, text) in InitScripts.files { archive.addFile(path, Array(text.utf8), mode: 0o755) }
        archive.addFile("etc/passwd", Array("root::0:0:root:/root:/bin/sh\n".utf8))
        archive.addFile("etc/group", Array("root:x:0:\n".utf8))
        return archive.finished()
    }
}
