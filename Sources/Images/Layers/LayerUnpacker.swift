import CLinux
import Glibc
import Host

/// Bounds of one layer.
package struct LayerLimits: Equatable, Sendable {
    /// Bytes of the tar.
    package var size: Int64 = 256 << 30
    package var entries = 8_000_000
    /// Folders in folders.
    package var depth = 512

    package init() {}
}

/// What came out of a layer.
package struct UnpackReport: Equatable, Sendable {
    package var entries = 0
    /// Bytes of files.
    package var size: Int64 = 0
    /// What this host does not let us make, each kind once: for the user to know.
    package var notes: Set<String> = []
}

/// Unpacks the tar of a layer into an empty folder, in the form that overlayfs wants of a lower folder.
///
/// Names are resolved below the folder by the kernel (openat2, RESOLVE_IN_ROOT): no `..`, absolute link, link to a
/// link or race leads out of it. The caller removes what is there when unpacking throws.
package final class LayerUnpacker {
    let folders: LayerFolders
    let powers: HostPowers
    let limits: LayerLimits
    var report = UnpackReport()
    /// Folders get their rights and times last: making files in them would change these.
    private var unfinished: [(path: [Substring], mode: UInt32, modified: TarTime)] = []
    /// Names that this layer hides, so that a folder made later in the same place is opaque.
    private var whiteouts: Set<String> = []

    package init(
        into root: String, powers: HostPowers = .current, limits: LayerLimits = LayerLimits()
    ) throws(ImageError) {
        folders = try LayerFolders(root)
        self.powers = powers
        self.limits = limits
    }

    /// Unpacks everything and reads the archive to its last byte.
    package func unpack(_ reader: TarReader) throws(ImageError) -> UnpackReport {
        while let entry = try reader.next() {
            report.entries += 1
            guard report.entries <= limits.entries else {
                throw ImageError(.invalid, "the layer has more than \(limits.entries) files")
            }
            try unpack(entry, reader)
        }
        try reader.drain()
        try finishFolders()
        return report
    }

    private func unpack(_ entry: TarEntry, _ reader: TarReader) throws(ImageError) {
        guard let path = FileTree.components(entry.path) else {
            throw ImageError(.invalid, "the layer names '\(entry.path)', which leads out of it")
        }
        guard path.count <= limits.depth else {
            throw ImageError(.invalid, "the layer has folders deeper than \(limits.depth) levels")
        }
        guard let name = path.last else {
            if entry.kind == .directory { try finishLater([], entry, folders.root.raw) }
            return
        }
        let parent = try folders.open(path.dropLast())
        if name.hasPrefix(Whiteout.prefix) { return try hide(String(name), in: parent, path.dropLast()) }
        try make(entry, path, String(name), in: parent, reader)
    }

    private func make(
        _ entry: TarEntry, _ path: [Substring], _ name: String, in parent: Int32, _ reader: TarReader
    ) throws(ImageError) {
        switch entry.kind {
        case .directory: try makeFolder(entry, path, name, in: parent)
        case .file: try makeFile(entry, name, in: parent, reader)
        case .symbolicLink:
            try replacing(name, in: parent) {
                FileName.with(entry.link) { target in FileName.with(name) { symlinkat(target, parent, $0) } }
            }
            try finish(entry, name, in: parent)
        case .hardLink: try link(entry, name, in: parent)
        case .fifo, .characterDevice, .blockDevice: try makeNode(entry, name, in: parent)
        }
    }

    // MARK: Kinds

    private func makeFolder(
        _ entry: TarEntry, _ path: [Substring], _ name: String, in parent: Int32
    ) throws(ImageError) {
        let made = FileName.with(name) { mkdirat(parent, $0, 0o700) }
        if made != 0 {
            guard errno == EEXIST else { throw ImageError(SystemError("make the folder \(entry.path)")) }
            let isFolder = FileTree.status(name, in: parent).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
            if !isFolder {
                try replacing(name, in: parent) { FileName.with(name) { mkdirat(parent, $0, 0o700) } }
            }
        }
        let raw = try call("open \(entry.path)") {
            FileName.with(name) { viv_openat(parent, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
        }
        let folder = FileDescriptor(owning: raw)
        if whiteouts.remove(path.joined(separator: "/")) != nil { try markOpaque(folder.raw) }
        try finishLater(path, entry, folder.raw)
    }

    private func makeFile(
        _ entry: TarEntry, _ name: String, in parent: Int32, _ reader: TarReader
    ) throws(ImageError) {
        report.size += entry.size
        guard report.size <= limits.size else {
            throw ImageError(.invalid, "the layer's files have more than \(limits.size) bytes")
        }
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
        let raw = try replacing(name, in: parent) {
            FileName.with(name) { viv_openat(parent, $0, flags, 0o600) }
        }
        let file = FileDescriptor(owning: raw)
        if let extents = entry.sparse {
            try SparseFile.write(extents, size: entry.size, to: file.raw, from: reader)
        } else {
            let sink = DescriptorSink(file.raw, name: entry.path)
            try reader.readData { bytes throws(ImageError) in try sink.write(bytes) }
        }
        try finish(entry, open: file.raw)
    }

    private func link(_ entry: TarEntry, _ name: String, in parent: Int32) throws(ImageError) {
        guard let target = FileTree.components(entry.link), let targetName = target.last else {
            throw ImageError(
                .invalid, "the layer links '\(entry.path)' to '\(entry.link)', which leads out of it")
        }
        let folder = FileDescriptor(owning: try folders.openExisting(target.dropLast(), for: entry.link))
        do throws(ImageError) {
            try replacing(name, in: parent) {
                FileName.with(String(targetName)) { from in
                    FileName.with(name) { linkat(folder.raw, from, parent, $0, 0) }
                }
            }
        } catch {
            throw error.prefixed("the layer links '\(entry.path)' to '\(entry.link)'")
        }
    }

    private func makeNode(_ entry: TarEntry, _ name: String, in parent: Int32) throws(ImageError) {
        let type: mode_t =
            switch entry.kind {
            case .fifo: 0o010000
            case .blockDevice: 0o060000
            default: 0o020000
            }
        do throws(ImageError) {
            try replacing(name, in: parent) {
                FileName.with(name) {
                    viv_make_node(parent, $0, type | mode_t(entry.mode), entry.deviceMajor, entry.deviceMinor)
                }
            }
        } catch {
            guard entry.kind != .fifo, !powers.isHostRoot else { throw error }
            report.notes.insert("devices were left out, as only root can make them")
            return
        }
        try finish(entry, name, in: parent)
    }

    // MARK: Whiteouts

    /// Turns an AUFS whiteout (OCI image-spec, layer.md, "Whiteouts") into overlayfs's.
    private func hide(_ name: String, in parent: Int32, _ path: ArraySlice<Substring>) throws(ImageError) {
        if name == Whiteout.opaque { return try markOpaque(parent) }
        // Other names of AUFS's own say nothing here.
        if name.hasPrefix(Whiteout.internalPrefix) { return }
        let hidden = String(name.dropFirst(Whiteout.prefix.count))
        guard !hidden.isEmpty, hidden != ".", hidden != ".." else {
            throw ImageError(.invalid, "the layer has a whiteout of '\(hidden)'")
        }
        // What this layer itself has stays, yet shows nothing of the layers below.
        if let present = FileTree.status(hidden, in: parent) {
            guard present.st_mode & S_IFMT == S_IFDIR else { return }
            let raw = try call("open \(hidden)") {
                FileName.with(hidden) { viv_openat(parent, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
            }
            let folder = FileDescriptor(owning: raw)
            return try markOpaque(folder.raw)
        }
        whiteouts.insert((path + [hidden[...]]).joined(separator: "/"))
        try Whiteout.make(hidden, in: parent)
    }

    private func markOpaque(_ folder: Int32) throws(ImageError) {
        // Folders are kept by descriptors that may name them only; the attribute goes through /proc.
        try call("mark a folder as opaque") {
            viv_set_link_attribute("/proc/self/fd/\(folder)/.", powers.opaqueAttribute, "y", 1)
        }
    }

    // MARK: Attributes

    private func finish(_ entry: TarEntry, open file: Int32) throws(ImageError) {
        if ownerDiffers(entry) {
            try note(fchown(file, entry.uid, entry.gid), "change the owner of \(entry.path)")
        }
        try call("set the rights of \(entry.path)") { fchmod(file, mode_t(entry.mode)) }
        for (name, value) in entry.attributes {
            try setAttribute(name, value, "/proc/self/fd/\(file)", entry, file)
        }
        var times = entry.modified.pair
        try call("set the time of \(entry.path)") { futimens(file, &times.0) }
    }

    /// For what is not open: links, devices, fifos.
    private func finish(_ entry: TarEntry, _ name: String, in parent: Int32) throws(ImageError) {
        if ownerDiffers(entry) {
            let result = FileName.with(name) {
                fchownat(parent, $0, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW)
            }
            try note(result, "change the owner of \(entry.path)")
        }
        if entry.kind != .symbolicLink {
            try call("set the rights of \(entry.path)") {
                FileName.with(name) { fchmodat(parent, $0, mode_t(entry.mode), 0) }
            }
        }
        for (key, value) in entry.attributes {
            try setAttribute(key, value, "/proc/self/fd/\(parent)/\(name)", entry, nil)
        }
        var times = entry.modified.pair
        try call("set the time of \(entry.path)") {
            FileName.with(name) { utimensat(parent, $0, &times.0, AT_SYMLINK_NOFOLLOW) }
        }
    }

    private func finishLater(_ path: [Substring], _ entry: TarEntry, _ folder: Int32) throws(ImageError) {
        if ownerDiffers(entry) {
            try note(fchown(folder, entry.uid, entry.gid), "change the owner of \(entry.path)")
        }
        for (name, value) in entry.attributes {
            try setAttribute(name, value, "/proc/self/fd/\(folder)", entry, folder)
        }
        unfinished.append((path, entry.mode, entry.modified))
    }

    private func finishFolders() throws(ImageError) {
        // Later folders first: children before those whose rights might close them.
        for (path, mode, modified) in unfinished.reversed() {
            let text = path.joined(separator: "/")
            let raw = FileName.with(text.isEmpty ? "." : text) {
                viv_open_in_root(folders.root.raw, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
            }
            // A later member may have taken its place.
            guard raw >= 0 else { continue }
            let folder = FileDescriptor(owning: raw)
            try call("set the rights of \(text)") { fchmod(folder.raw, mode_t(mode)) }
            var times = modified.pair
            try call("set the time of \(text)") { futimens(folder.raw, &times.0) }
        }
    }

    private func ownerDiffers(_ entry: TarEntry) -> Bool { entry.uid != geteuid() || entry.gid != getegid() }

    /// Owners that a user namespace does not have are left out, with a note.
    private func note(_ result: Int32, _ action: @autoclosure () -> String) throws(ImageError) {
        if result == 0 { return }
        guard errno == EINVAL || errno == EPERM, !powers.isHostRoot else {
            throw ImageError(SystemError(action()))
        }
        report.notes.insert("owners were left out that this user has no subordinate ids for")
    }

    private func setAttribute(
        _ name: String, _ value: [UInt8], _ path: String, _ entry: TarEntry, _ file: Int32?
    ) throws(ImageError) {
        // Overlayfs reads its own attributes: from a layer they would redirect lookups.
        if name.hasPrefix("trusted.overlay.") || name.hasPrefix("user.overlay.") { return }
        let result =
            file.map { viv_set_attribute($0, name, value, value.count) }
            ?? FileName.with(path) { viv_set_link_attribute($0, name, value, value.count) }
        if result == 0 { return }
        guard errno == ENOTSUP || errno == EPERM || errno == EINVAL else {
            throw ImageError(SystemError("set the attribute \(name) of \(entry.path)"))
        }
        report.notes.insert(
            "attributes '\(name.split(separator: ".").first ?? "")' were left out, as this host refuses them")
    }

    /// Makes something new, in place of what an earlier member may have left there.
    @discardableResult
    private func replacing(_ name: String, in parent: Int32, _ make: () -> Int32) throws(ImageError) -> Int32
    {
        let result = make()
        if result >= 0 { return result }
        guard errno == EEXIST else { throw ImageError(SystemError("make \(name)")) }
        folders.forget()
        try FileTree.remove(name, in: parent)
        return try call("make \(name)", make)
    }
}

extension TarTime {
    /// Access and modification time for utimensat(2).
    var pair: (timespec, timespec) {
        let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
        return (time, time)
    }
}
