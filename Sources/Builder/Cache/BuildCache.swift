import FoundationEssentials
import Glibc
import Host
import Images

/// Results of steps and folders of cache mounts, in files below one folder that no other process uses.
///
/// - `steps/KEY.json`: what a step left; its layer is held in the image store as long as the record is here.
/// - `digests/KEY`: content digests of files inside layers, which never change.
/// - `mounts/NAME/`: cache mounts.
/// - `pending/`: what running builds write; emptied when the cache is opened.
package actor BuildCache {
    static let owner = "build-cache"

    let folder: String
    private let images: ImageStore
    /// How many cache mounts use a folder now.
    private var users: [String: Int] = [:]
    private var waiters: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// Opens or makes the cache in `folder`.
    package init(folder: String, images: ImageStore) async throws(BuildError) {
        self.folder = folder
        self.images = images
        Folder.remove("\(folder)/pending")
        for name in ["steps", "digests", "mounts", "pending"] {
            try system { () throws(SystemError) in try Folder.create("\(folder)/\(name)", mode: 0o700) }
        }
        for name in Folder.names(in: "\(folder)/steps") {
            guard let layer = Self.record(at: "\(folder)/steps/\(name)")?.layer else { continue }
            await images.holdLayer(layer.diffID, by: Self.owner)
        }
    }

    // MARK: Steps

    func record(for key: Digest) -> CacheRecord? {
        let path = path(of: key)
        guard let record = Self.record(at: path) else { return nil }
        utimensat(AT_FDCWD, path, nil, 0)
        return record
    }

    private func path(of key: Digest) -> String { "\(folder)/steps/\(key.hex).json" }

    private static func record(at path: String) -> CacheRecord? {
        guard path.hasSuffix(".json"), let bytes = try? WholeFile.read(path, limit: 1 << 20) else {
            return nil
        }
        return try? JSONDecoder().decode(CacheRecord.self, from: Data(bytes))
    }

    /// Keeps a result. The layer is held before the record names it.
    func keep(_ record: CacheRecord, for key: Digest) async throws(BuildError) {
        if let layer = record.layer { await images.holdLayer(layer.diffID, by: Self.owner) }
        guard let data = try? JSONEncoder().encode(record) else {
            throw BuildError(.system, "cannot write down the result of a step")
        }
        let path = path(of: key)
        try system { () throws(SystemError) in try WholeFile.replace(path, with: Array(data)) }
    }

    // MARK: Digests of files in layers

    func digest(for key: Digest) -> Digest? {
        guard let bytes = try? WholeFile.read("\(folder)/digests/\(key.hex)", limit: 256) else { return nil }
        return Digest(parsing: String(decoding: bytes, as: UTF8.self))
    }

    func keep(digest: Digest, for key: Digest) throws(BuildError) {
        let path = "\(folder)/digests/\(key.hex)"
        try system { () throws(SystemError) in
            try WholeFile.replace(path, with: Array(digest.description.utf8))
        }
    }

    // MARK: Work folders

    /// A new empty folder for a running build; the caller removes it.
    func makeWorkFolder() throws(BuildError) -> String {
        let path = "\(folder)/pending/\(UniqueName.make())"
        try system { () throws(SystemError) in try Folder.create(path, mode: 0o700) }
        return path
    }

    // MARK: Cache mounts

    /// The folder of a cache mount, in use until `releaseMount`.
    ///
    /// - Parameter sharing: `locked` waits for other users; `private` takes another folder when one is in use.
    /// - Returns: the path, and whether it was made just now.
    func claimMount(
        _ id: String, sharing: RunMount.Sharing
    ) async throws(BuildError) -> (path: String, isNew: Bool) {
        var name = Digest.of(Array(id.utf8)).hex
        switch sharing {
        case .shared: break
        case .locked:
            while users[name, default: 0] > 0 {
                await withCheckedContinuation { waiters[name, default: []].append($0) }
            }
        case .private:
            var number = 2
            let first = name
            while users[name, default: 0] > 0 {
                name = "\(first)-\(number)"
                number += 1
            }
        }
        users[name, default: 0] += 1
        let path = "\(folder)/mounts/\(name)"
        let isNew = !Folder.exists("\(path)/data")
        try system { () throws(SystemError) in
            try Folder.create(path, mode: 0o700)
            if isNew { try WholeFile.replace("\(path)/id", with: Array(id.utf8)) }
            try Folder.create("\(path)/data")
        }
        return ("\(path)/data", isNew)
    }

    func releaseMount(_ path: String) {
        let name = String(path.split(separator: "/").dropLast().last ?? "")
        users[name, default: 1] -= 1
        if users[name] == 0 {
            users[name] = nil
            for waiter in waiters.removeValue(forKey: name) ?? [] { waiter.resume() }
        }
    }

    // MARK: Sizes

    /// Everything in the cache, most recently used first.
    package func items() -> [CacheItem] {
        let steps = Folder.names(in: "\(folder)/steps").compactMap { name -> CacheItem? in
            let path = "\(folder)/steps/\(name)"
            guard let record = Self.record(at: path) else { return nil }
            return CacheItem(
                id: String(name.dropLast(5)), kind: .regular, text: record.text,
                size: record.layer?.size ?? 0,
                lastUsed: WholeFile.modified(path), isInUse: false)
        }
        let mounts = Folder.names(in: "\(folder)/mounts").map { name -> CacheItem in
            let path = "\(folder)/mounts/\(name)"
            let id = (try? WholeFile.read("\(path)/id", limit: 4096)).map {
                String(decoding: $0, as: UTF8.self)
            }
            return CacheItem(
                id: name, kind: .cacheMount, text: id ?? name,
                size: Int64(clamping: Folder.allocated(below: "\(path)/data")),
                lastUsed: WholeFile.modified("\(path)/data"), isInUse: users[name] != nil)
        }
        return (steps + mounts).sorted { $0.lastUsed > $1.lastUsed }
    }

    /// Removes what is not in use and `isWanted`; the layers themselves go with the image store's next collection.
    package func prune(
        where isWanted: @Sendable (CacheItem) -> Bool = { _ in true }
    ) async -> [CacheItem] {
        let removed = items().filter { !$0.isInUse && isWanted($0) }
        var released: Set<Digest> = []
        for item in removed {
            switch item.kind {
            case .cacheMount: Folder.remove("\(folder)/mounts/\(item.id)")
            case .regular:
                let path = "\(folder)/steps/\(item.id).json"
                if let layer = Self.record(at: path)?.layer { released.insert(layer.diffID) }
                unlink(path)
            }
        }
        let kept = Folder.names(in: "\(folder)/steps").compactMap {
            Self.record(at: "\(folder)/steps/\($0)")?.layer?.diffID
        }
        for layer in released.subtracting(kept) { await images.releaseLayer(layer, by: Self.owner) }
        return removed
    }
}
