import CLinux
import Glibc

/// Device nodes of the host. In a user namespace nobody may make nodes (mknod(2)): those of the host are bound there.
enum HostNode {
    /// Deeper than any folder of devices.
    private static let deepest = 4

    /// The path of the host's node for a device: `path` where that is the one, else the first that is found in /dev.
    ///
    /// - Parameter kind: `S_IFCHR` or `S_IFBLK`.
    static func find(_ kind: UInt32, _ major: UInt32, _ minor: UInt32, preferring path: String) -> String? {
        let number = UInt(viv_device(major, minor))
        func fits(_ path: String) -> Bool {
            var info = stat()
            return lstat(path, &info) == 0 && info.st_mode & S_IFMT == kind && info.st_rdev == number
        }
        return fits(path) ? path : search("/dev", depth: 0, fits)
    }

    private static func search(_ folder: String, depth: Int, _ fits: (String) -> Bool) -> String? {
        guard depth < deepest, let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var folders: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let path = "\(folder)/\(name)"
            switch Int32(entry.pointee.d_type) {
            case Int32(DT_CHR), Int32(DT_BLK): if fits(path) { return path }
            case Int32(DT_DIR) where name != "." && name != "..": folders.append(path)
            default: break
            }
        }
        // What is nearer to the top has the usual name.
        for folder in folders.sorted() {
            if let path = search(folder, depth: depth + 1, fits) { return path }
        }
        return nil
    }
}
