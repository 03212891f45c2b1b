import CLinux
import Glibc
import Host

/// Reads files of an overlay without mounting it: the topmost layer that has a path decides.
///
/// Layers come from strangers: every path is opened as if the layer's folder were the root, so no link leads out.
struct ImageFiles: Sendable {
    /// Top first.
    let folders: [String]

    /// The file's bytes, at most `limit`; `nil` when no layer has it, or it is no plain file.
    func bytes(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        for folder in folders {
            guard let root = try? FileDescriptor.open(folder, O_RDONLY | O_DIRECTORY) else { continue }
            // Without waiting for a writer, should it be a pipe.
            let raw = viv_open_in_root(root.raw, path, O_RDONLY | O_NONBLOCK, 0)
            if raw < 0 {
                // A deleted file is a character device that cannot be opened; what lies below is hidden by it.
                if errno == ENXIO || errno == ENODEV { return nil }
                continue
            }
            let file = FileDescriptor(owning: raw)
            guard let status = try? file.status(), status.kind == .regular else { return nil }
            return SmallFile.read(file.raw, limit: limit)
        }
        return nil
    }

    func text(_ path: String) -> String { String(decoding: bytes(path) ?? [], as: UTF8.self) }

    var users: UserLookup { UserLookup(passwd: text("etc/passwd"), group: text("etc/group")) }
}
