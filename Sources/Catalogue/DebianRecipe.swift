import Glibc
import Host
import Model

/// Makes Debian's disk: the host only downloads packages and fills an ext4 image with them; they are
/// unpacked and configured inside a machine of ours, so that no privilege is needed.
struct DebianRecipe {
    /// Debian's essential packages. One of them wants to know that the links of `stage` are there.
    private static let essential = ["?essential", "usr-is-merged"]
    /// Everything beyond them.
    private static let packages = [
        "systemd", "systemd-sysv", "systemd-timesyncd", "udev", "dbus", "login", "util-linux", "iproute2",
        "kmod",
        "e2fsprogs", "passwd", "procps", "iputils-ping", "less", "apt", "debian-archive-keyring",
        "ca-certificates",
        "wget",
    ]
    /// Sparse: only what is written occupies the host's disk.
    private static let diskSize = "4G"

    private let linux: LinuxRecipe
    private let boot: Catalogue.Boot
    private let progress: (String) -> Void

    init(_ linux: LinuxRecipe, boot: @escaping Catalogue.Boot, progress: @escaping (String) -> Void) {
        self.linux = linux
        self.boot = boot
        self.progress = progress
    }

    /// Adds `disk` to a folder that the Linux recipe has filled. Leaves only a finished disk there.
    func makeDisk(in folder: String) throws {
        let mke2fs = try Tool("mke2fs", package: "e2fsprogs")
        progress("fetching Debian's packages")
        try linux.apt.downloadWithDependencies(Self.essential + Self.packages)
        let staging = "\(folder)/staging"
        defer { Folder.remove(staging) }
        try stage(in: staging, modules: "\(folder)/modules")
        progress("making a disk")
        let disk = "\(folder)/disk"
        let result = try mke2fs.run([
            "-q", "-t", "ext4", "-L", "vivarium", "-E", "root_owner=0:0", "-d", staging, disk, Self.diskSize,
        ])
        guard result.succeeded else {
            throw CatalogueError(
                .unusableFile, "cannot make Debian's disk in \(folder): free 2 GB of space there")
        }
        Folder.remove(staging)
        progress("installing Debian inside a machine; this takes some minutes")
        let installer = GuestFiles(
            arch: linux.arch, kernel: "\(folder)/kernel", initrd: "\(folder)/initrd", disk: disk,
            append: "console=ttyS0 quiet vivarium=install" + linux.arch.append)
        let output = try boot(installer, "debian-installation")
        guard output.contains("VIVARIUM: INSTALLED") else {
            throw CatalogueError(.guestFailed, "Debian did not install itself: \(Self.lastWords(output))")
        }
    }

    /// The last line before the guest says that it has failed.
    private static func lastWords(_ output: String) -> Substring {
        let lines = output.split(whereSeparator: \.isNewline)
        return lines.prefix { !$0.hasPrefix("VIVARIUM: ") }.last ?? "it printed nothing"
    }

    /// A folder with what the disk holds at first: packages, the script that installs them, modules.
    private func stage(in staging: String, modules: String) throws {
        let essential = try linux.apt.closure(of: Self.essential)
        let all = try linux.apt.closure(of: Self.essential + Self.packages)
        let packages = "\(staging)/packages"
        do {
            try Folder.create(packages)
            // Packages of release 12 have files in these folders, and expect that they are links already.
            for folder in ["bin", "sbin", "lib", "lib64"] {
                try Folder.create("\(staging)/usr/\(folder)")
                guard symlink("usr/\(folder)", "\(staging)/\(folder)") == 0 else {
                    throw SystemError("make \(staging)/\(folder)")
                }
            }
            let archives = try linux.apt.archives(of: all)
            for archive in archives { try link(archive, into: packages) }
            let first = try linux.apt.archives(of: essential).map(Self.fileName)
            let others = archives.map(Self.fileName).filter { !first.contains($0) }
            try TextFile.write(Self.lines(first), to: "\(packages)/essential")
            try TextFile.write(Self.lines(others), to: "\(packages)/others")
            let script = InstallScript.text(linux.apt.release, mirror: linux.apt.mirror())
            try TextFile.write(script, to: "\(packages)/install")
        } catch let error as SystemError {
            throw CatalogueError(error)
        }
        guard rename(modules, "\(staging)/usr/lib/modules") == 0 else {
            throw CatalogueError(SystemError("move the kernel's modules to \(staging)"))
        }
    }

    private func link(_ file: String, into folder: String) throws(CatalogueError) {
        guard Glibc.link(file, "\(folder)/\(Self.fileName(file))") == 0 else {
            throw CatalogueError(SystemError("link \(file)"))
        }
    }

    private static func lines(_ names: [String]) -> String { names.map { $0 + "\n" }.joined() }

    private static func fileName(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
