import Glibc
import Host
import Model

/// Makes what every built-in guest starts with: Debian's kernel and an initramfs with busybox.
struct LinuxRecipe {
    /// Drivers of the machine's devices.
    private static let devices = ["virtio_mmio", "virtio_net", "virtio_blk", "virtio_rng", "virtio_console"]
    /// Drivers of file systems, and the checksums that they ask the kernel for by name.
    private static let filesystems = ["crc32c_generic", "ext4"]

    let apt: AptRoot
    let arch: GuestArchitecture
    private let progress: (String) -> Void

    init(_ cache: Cache, _ arch: GuestArchitecture, progress: @escaping (String) -> Void)
        throws(CatalogueError)
    {
        apt = try AptRoot(cache.aptFolder(arch), arch.release, architecture: arch.debianName)
        self.arch = arch
        self.progress = progress
    }

    /// Fetches the lists of packages anew.
    func refresh() throws(CatalogueError) { try apt.update() }

    /// The meta-package always depends on the newest kernel: nothing is pinned.
    private func kernelPackage() throws(CatalogueError) -> String {
        let meta = arch.kernelPackage
        let needs = try apt.field("Depends", of: meta)
        guard let name = needs.split(whereSeparator: { " ,(".contains($0) }).first,
            name.hasPrefix("linux-image-")
        else { throw CatalogueError(.internalFault, "package \(meta) names no kernel") }
        return String(name)
    }

    /// The version of the newest kernel known.
    func version() throws(CatalogueError) -> String { try apt.field("Version", of: try kernelPackage()) }

    /// Puts `kernel`, `initrd`, `modules` (as packed) and, last, `version` into `folder`.
    func make(in folder: String) throws(CatalogueError) {
        // Lists from an earlier run serve as well, without a network.
        if !apt.isConfigured || (try? kernelPackage()) == nil {
            progress("fetching Debian's package lists")
            try refresh()
        }
        let kernel = try kernelPackage()
        progress("fetching \(kernel) and busybox")
        try apt.download([kernel, "busybox-static"])
        progress("unpacking \(kernel)")
        let unpacked = "\(folder)/unpacked"
        defer { Folder.remove(unpacked) }
        for archive in try apt.archives(of: [kernel, "busybox-static"]) {
            try unpack(archive, into: unpacked)
        }
        do {
            try assemble(from: unpacked, in: folder)
            try TextFile.write(try version() + "\n", to: "\(folder)/version")
        } catch let error as CatalogueError {
            throw error
        } catch let error as SystemError {
            throw CatalogueError(error)
        } catch {
            throw CatalogueError(.internalFault, "\(error)")
        }
    }

    private func assemble(from unpacked: String, in folder: String) throws {
        let images = Folder.names(in: "\(unpacked)/boot").filter { $0.hasPrefix("vmlinu") }
        guard let image = images.first else {
            throw CatalogueError(.unusableFile, "the kernel's package holds no kernel")
        }
        let packed = Self.path("lib/modules", in: unpacked)
        var modules = try KernelModules(below: packed)
        let devices = try modules.load(Self.devices)
        let filesystems = try modules.load(Self.filesystems)
        let busybox = try TextFile.bytes(Self.path("bin/busybox", in: unpacked))
        try TextFile.write(
            Initramfs.archive(busybox: busybox, devices: devices, filesystems: filesystems),
            to: "\(folder)/initrd")
        guard rename("\(unpacked)/boot/\(image)", "\(folder)/kernel") == 0 else {
            throw SystemError("move the kernel to \(folder)")
        }
        guard rename(packed, "\(folder)/modules") == 0 else {
            throw SystemError("move the kernel's modules to \(folder)")
        }
    }

    /// Packages have put such files below `/usr` since release 13.
    private static func path(_ file: String, in folder: String) -> String {
        Folder.exists("\(folder)/usr/\(file)") ? "\(folder)/usr/\(file)" : "\(folder)/\(file)"
    }

    /// Unpacks one package, alone, below `folder`, which is made.
    func fetch(package: String, into folder: String) throws(CatalogueError) {
        if !apt.isConfigured { try refresh() }
        progress("fetching \(package)")
        try apt.download([package])
        do { try Folder.create(folder) } catch { throw CatalogueError(error) }
        for archive in try apt.archives(of: [package]) { try unpack(archive, into: folder) }
    }

    private func unpack(_ archive: String, into folder: String) throws(CatalogueError) {
        let tool = try Tool("dpkg-deb", package: "dpkg")
        let result = try tool.run(["--extract", archive, folder])
        guard result.succeeded else {
            throw CatalogueError(
                .unusableFile,
                "\(archive) cannot be unpacked: free some space, or run 'viv guests rm --downloads'")
        }
    }
}
