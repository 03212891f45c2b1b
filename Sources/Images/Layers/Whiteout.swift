import CLinux
import Glibc
import Host

/// How layers say that something of the layers below is gone.
enum Whiteout {
    /// In archives (OCI image-spec, layer.md): `.wh.NAME` hides NAME.
    static let prefix = ".wh."
    /// Names of AUFS's own begin so.
    static let internalPrefix = ".wh..wh."
    /// Hides everything of the layers below in this folder.
    static let opaque = ".wh..wh..opq"

    /// Overlayfs's form: a character device 0:0, which the kernel lets everybody make.
    static func make(_ name: String, in folder: Int32) throws(ImageError) {
        try call("hide \(name)") { FileName.with(name) { viv_make_node(folder, $0, S_IFCHR, 0, 0) } }
    }

    /// Whether a file is one, in the form of a device.
    static func isWhiteout(_ info: stat) -> Bool { info.st_mode & S_IFMT == S_IFCHR && info.st_rdev == 0 }
}
