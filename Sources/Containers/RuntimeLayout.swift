/// Where the runtime keeps what it must remember. Everything of one container is in one folder.
package struct RuntimeLayout: Sendable {
    /// The folder given by `--root`.
    package let root: String

    package init(root: String) { self.root = root }

    package func folder(of id: String) -> String { "\(root)/\(id)" }
    /// Written whole or not at all.
    package func state(of id: String) -> String { "\(root)/\(id)/state.json" }
    /// The specification as it was at the creation: what becomes of the bundle's afterwards has no effect (§ Create).
    package func config(of id: String) -> String { "\(root)/\(id)/config.json" }
    /// Open file locks on it make operations on one container exclusive.
    package func lock(of id: String) -> String { "\(root)/\(id)/lock" }
    /// A container that was created waits here for a connection; gone once it was started.
    package func startSocket(of id: String) -> String { "\(root)/\(id)/start.sock" }

    /// Whether `id` can name a container: what runc accepts, at most 255 bytes.
    package static func isValid(id: String) -> Bool {
        guard !id.isEmpty, id.utf8.count <= 255, id != ".", id != ".." else { return false }
        return id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                UInt8(ascii: "-"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
    }
}
