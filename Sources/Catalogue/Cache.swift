import Glibc
import Host
import Model

/// The folder `$XDG_CACHE_HOME/vivarium`: made guests, and the downloads that they were made from.
package struct Cache: Sendable {
    package let path: String

    /// `~/.cache/vivarium` unless `XDG_CACHE_HOME` says otherwise.
    package static func standard() throws(CatalogueError) -> Cache {
        if let cache = getenv("XDG_CACHE_HOME"), cache.pointee == UInt8(ascii: "/") {
            return Cache(path: String(cString: cache) + "/vivarium")
        }
        guard let home = getenv("HOME"), home.pointee != 0 else {
            throw CatalogueError(.unusableFile, "no place for the cache: set XDG_CACHE_HOME or HOME")
        }
        return Cache(path: String(cString: home) + "/.cache/vivarium")
    }

    package init(path: String) { self.path = path }

    func folder(of guest: BuiltInGuest, _ arch: GuestArchitecture) -> String {
        "\(path)/guests/\(guest.rawValue)-\(arch.rawValue)"
    }

    /// Where apt works for `arch`.
    func aptFolder(_ arch: GuestArchitecture) -> String { "\(path)/apt-\(arch.rawValue)" }

    /// The guest's files; `nil` when it is not made yet.
    func files(of guest: BuiltInGuest, _ arch: GuestArchitecture) -> GuestFiles? {
        let folder = folder(of: guest, arch)
        guard access("\(folder)/version", R_OK) == 0 else { return nil }
        return GuestFiles(
            arch: arch, kernel: "\(folder)/kernel", initrd: "\(folder)/initrd",
            disk: guest == .debian ? "\(folder)/disk" : nil, append: guest.append(arch))
    }

    /// The state of every guest for every architecture.
    package func states() -> [GuestState] {
        BuiltInGuest.allCases.flatMap { guest in
            GuestArchitecture.allCases.map { arch in
                let folder = folder(of: guest, arch)
                let version = (try? TextFile.read("\(folder)/version"))?.split(separator: "\n").first
                return GuestState(
                    name: guest.rawValue, arch: arch, summary: guest.summary,
                    version: version.map(String.init),
                    size: Folder.allocated(below: folder))
            }
        }
    }

    /// Bytes of downloads, which serve to make guests again without a network.
    package var downloadSize: UInt64 {
        GuestArchitecture.allCases.reduce(0) { $0 + Folder.allocated(below: aptFolder($1)) }
    }

    /// Removes a guest; false when it was not there.
    package func remove(_ guest: BuiltInGuest, _ arch: GuestArchitecture) throws -> Bool {
        try exclusively {
            let folder = folder(of: guest, arch)
            guard Folder.exists(folder) else { return false }
            Folder.remove(folder)
            return true
        }
    }

    /// Removes all downloads.
    package func removeDownloads() throws {
        try exclusively { for arch in GuestArchitecture.allCases { Folder.remove(aptFolder(arch)) } }
    }
}

extension Cache {
    /// Makes a guest's folder under a temporary name and puts it in place when `make` has succeeded: the
    /// cache never holds half a guest. Call it within `exclusively`.
    func replace(
        _ guest: BuiltInGuest, _ arch: GuestArchitecture, _ make: (String) throws -> Void
    ) throws {
        let folder = folder(of: guest, arch)
        let temporary = folder + ".new"
        Folder.remove(temporary)
        do { try Folder.create(temporary) } catch { throw CatalogueError(error) }
        defer { Folder.remove(temporary) }
        try make(temporary)
        let old = folder + ".old"
        Folder.remove(old)
        rename(folder, old)
        guard rename(temporary, folder) == 0 else {
            let error = SystemError("put \(folder) in place")
            rename(old, folder)
            throw CatalogueError(error)
        }
        Folder.remove(old)
    }

    /// Holds the cache's lock during `body`.
    func exclusively<Result>(_ body: () throws -> Result) throws -> Result {
        let lock: FileDescriptor
        do {
            try Folder.create(path, mode: 0o755)
            lock = try FileDescriptor.open("\(path)/lock", O_RDWR | O_CREAT)
        } catch {
            throw CatalogueError(error)
        }
        guard lock.lock(exclusive: true) else {
            throw CatalogueError(.refused, "another viv is making a guest: wait until it is done")
        }
        return try body()
    }
}
