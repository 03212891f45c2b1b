/// A `newc` cpio archive: what the Linux kernel unpacks as its first file system
/// (Documentation/driver-api/early-userspace/buffer-format.rst).
package struct CPIOArchive: Sendable {
    /// What an entry is; the raw values are the file type bits of `st_mode`.
    private enum Kind: UInt32 {
        case characterDevice = 0o020000
        case folder = 0o040000
        case file = 0o100000
        case link = 0o120000
    }

    private var bytes: [UInt8] = []
    private var count: UInt32 = 0

    package init() {}

    /// Adds a folder. Folders come before what they hold; all entries belong to root.
    package mutating func addFolder(_ path: String, mode: UInt32 = 0o755) {
        add(path, .folder, mode, [])
    }

    /// Adds a file with its contents.
    package mutating func addFile(_ path: String, _ contents: some Collection<UInt8>, mode: UInt32 = 0o644) {
        add(path, .file, mode, contents)
    }

    /// Adds a symbolic link.
    package mutating func addLink(_ path: String, to target: String) {
        add(path, .link, 0o777, Array(target.utf8))
    }

    /// Adds a character device, such as `/dev/console` (5, 1).
    package mutating func addCharacterDevice(_ path: String, major: UInt32, minor: UInt32, mode: UInt32) {
        add(path, .characterDevice, mode, [], device: (major, minor))
    }

    /// The archive with its trailer.
    package func finished() -> [UInt8] {
        var archive = self
        archive.write("TRAILER!!!", inode: 0, mode: 0, [], device: (0, 0))
        return archive.bytes
    }

    private mutating func add(
        _ path: String, _ kind: Kind, _ mode: UInt32, _ contents: some Collection<UInt8>,
        device: (UInt32, UInt32) = (0, 0)
    ) {
        count += 1
        // Entries with equal inode numbers and several links would be one file: each has its own.
        write(path, inode: count, mode: kind.rawValue | mode, contents, device: device)
    }

    private mutating func write(
        _ path: String, inode: UInt32, mode: UInt32, _ contents: some Collection<UInt8>,
        device: (major: UInt32, minor: UInt32)
    ) {
        let name = Array(path.utf8) + [0]
        bytes += Array("070701".utf8)
        let links: UInt32 = mode & 0o170000 == Kind.folder.rawValue ? 2 : 1
        let fields = [
            inode, mode, 0, 0, links, 0, UInt32(contents.count), 0, 0, device.major, device.minor,
            UInt32(name.count), 0,
        ]
        for field in fields { writeHexadecimal(field) }
        bytes += name
        pad()
        bytes += contents
        pad()
    }

    private mutating func writeHexadecimal(_ value: UInt32) {
        let digits = String(value, radix: 16, uppercase: true)
        bytes += Array(repeating: UInt8(ascii: "0"), count: 8 - digits.utf8.count) + Array(digits.utf8)
    }

    /// Names and contents end at multiples of four.
    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }
}
