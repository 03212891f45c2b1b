import Host
import Model

/// The built-in guests: gives their files, making what is not in the cache yet.
package struct Catalogue {
    /// Boots a machine of the catalogue's making, waits for its end and returns what it has printed.
    package typealias Boot = (_ guest: GuestFiles, _ purpose: String) throws -> String

    package let cache: Cache
    private let boot: Boot
    let progress: (String) -> Void

    /// - Parameters:
    ///   - boot: runs a machine; Debian installs itself inside one.
    ///   - progress: takes one line for the user at each step.
    package init(cache: Cache, progress: @escaping (String) -> Void, boot: @escaping Boot) {
        self.cache = cache
        self.progress = progress
        self.boot = boot
    }

    /// The files of `guest`, from the cache or newly made; a cached guest needs no network.
    package func files(of guest: BuiltInGuest, _ arch: GuestArchitecture) throws -> GuestFiles {
        if let files = cache.files(of: guest, arch) { return files }
        return try cache.exclusively {
            if let files = cache.files(of: guest, arch) { return files }
            return try make(guest, arch)
        }
    }

    /// Makes `guest` again if its packages have become newer; makes it if it is not cached.
    ///
    /// - Returns: whether anything has changed.
    package func update(_ guest: BuiltInGuest, _ arch: GuestArchitecture) throws -> Bool {
        return try cache.exclusively {
            progress("\(guest.rawValue): looking for newer packages")
            let recipe = try LinuxRecipe(cache, arch, progress: progress)
            try recipe.refresh()
            let cached = cache.states().first { $0.name == guest.rawValue && $0.arch == arch }
            guard cached?.version != (try recipe.version()) else { return false }
            _ = try make(guest, arch)
            return true
        }
    }

    private func make(_ guest: BuiltInGuest, _ arch: GuestArchitecture) throws -> GuestFiles {
        let recipe = try LinuxRecipe(cache, arch, progress: progress)
        try cache.replace(guest, arch) { folder in
            try recipe.make(in: folder)
            if guest == .debian {
                try DebianRecipe(recipe, boot: boot, progress: progress).makeDisk(in: folder)
            }
            Folder.remove("\(folder)/modules")
        }
        guard let files = cache.files(of: guest, arch) else {
            throw CatalogueError(.internalFault, "guest \(guest.rawValue) is not where it was put")
        }
        return files
    }
}
