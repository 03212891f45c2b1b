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

    /// - Parameters:
    ///   - devices: modules that are loaded at the start.
    ///   - filesystems: modules that are loaded when a file system is mounted.
    static func archive(
        busybox: [UInt8], devices: [KernelModules.Module], filesystems: [KernelModules.Module]
    ) -> [UInt8] {
        var archive = CPIOArchive()
        for folder in [
            "bin", "dev", "etc", "lib", "lib/modules", "mnt", "proc", "root", "sbin", "sys", "tmp",
        ] {
            archive.addFolder(folder)
        }
        archive.addCharacterDevice("dev/console", major: 5, minor: 1, mode: 0o600)
        archive.addFile("bin/busybox", busybox, mode: 0o755)
        archive.addLink("bin/sh", to: "busybox")
        for module in devices + filesystems {
            archive.addFile("lib/modules/\(module.name).ko", module.contents)
        }
        archive.addFile("lib/modules/devices", list(devices))
        archive.addFile("lib/modules/filesystems", list(filesystems))
        for (path, text) in InitScripts.files { archive.addFile(path, Array(text.utf8), mode: 0o755) }
        archive.addFile("etc/passwd", Array("root::0:0:root:/root:/bin/sh\n".utf8))
        archive.addFile("etc/group", Array("root:x:0:\n".utf8))
        archive.addFile("etc/filesystems", Array("ext4\n".utf8))
        return archive.finished()
    }

    private static func list(_ modules: [KernelModules.Module]) -> [UInt8] {
        Array(modules.map { $0.name + "\n" }.joined().utf8)
    }
}
