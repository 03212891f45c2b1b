import CLinux
import Glibc
import Host

/// The folders of a layer that is being unpacked. Archives name the files of one folder in a row: it stays open.
final class LayerFolders {
    let root: FileDescriptor
    private var lastPath: [Substring] = []
    private var last: FileDescriptor?
    private var isStale = false

    init(_ path: String) throws(ImageError) {
        root = FileDescriptor(
            owning: try call("open \(path)") { viv_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) })
    }

    /// The folder of a member, made with its parents when the archive does not name them. It is closed by the next
    /// call.
    func open(_ path: ArraySlice<Substring>) throws(ImageError) -> Int32 {
        if path.isEmpty { return root.raw }
        if !isStale, let raw = last?.raw, path.elementsEqual(lastPath) { return raw }
        var raw = resolve(path)
        if raw < 0, errno == ENOENT { raw = try make(path) }
        guard raw >= 0 else {
            throw ImageError(SystemError("unpack into the folder \(path.joined(separator: "/"))"))
        }
        last = FileDescriptor(owning: raw)
        lastPath = Array(path)
        isStale = false
        return raw
    }

    /// A folder that must be there; the caller owns the descriptor.
    func openExisting(_ path: ArraySlice<Substring>, for link: String) throws(ImageError) -> Int32 {
        let raw = resolve(path)
        guard raw >= 0 else { throw ImageError(SystemError("find '\(link)', which the layer links to")) }
        return raw
    }

    /// From the next call on paths are looked up again, as something was removed. The open folder stays open for
    /// whoever is at work in it.
    func forget() { isStale = true }

    private func resolve(_ path: ArraySlice<Substring>) -> Int32 {
        FileName.with(path.isEmpty ? "." : path.joined(separator: "/")) {
            viv_open_in_root(root.raw, $0, VIV_PATH_ONLY | O_DIRECTORY, 0)
        }
    }

    /// Makes the missing folders of `path`, with the rights that Docker gives them.
    private func make(_ path: ArraySlice<Substring>) throws(ImageError) -> Int32 {
        var parent = try call("open the layer") { resolve([]) }
        for end in path.indices {
            let name = String(path[end])
            let above = FileDescriptor(owning: parent)
            let made = FileName.with(name) { mkdirat(above.raw, $0, 0o755) }
            guard made == 0 || errno == EEXIST else {
                throw ImageError(SystemError("make the folder \(name)"))
            }
            parent = resolve(path[...end])
            guard parent >= 0 else {
                throw ImageError(SystemError("unpack into the folder \(path[...end].joined(separator: "/"))"))
            }
        }
        return parent
    }
}
