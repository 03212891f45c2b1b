/// A member of a tar archive.
package struct TarEntry: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case file, directory, fifo
        /// `target` is what `link` holds.
        case symbolicLink
        /// `link` is the name of an earlier member.
        case hardLink
        case characterDevice, blockDevice
    }

    /// As the archive has it, at most 4096 bytes without NUL: not yet safe to be used as a path.
    package var path: String
    package var kind: Kind
    /// Bytes of the file, holes included; 0 for everything but files.
    package var size: Int64 = 0
    /// Permission bits with setuid, setgid and sticky: 0 to 0o7777.
    package var mode: UInt32
    package var uid: UInt32 = 0
    package var gid: UInt32 = 0
    package var userName = ""
    package var groupName = ""
    package var modified = TarTime()
    package var link = ""
    package var deviceMajor: UInt32 = 0
    package var deviceMinor: UInt32 = 0
    /// Names with their prefix (`security.capability`), sorted when written.
    package var attributes: [String: [UInt8]] = [:]
    /// Where a sparse file has data; `nil` for ordinary files.
    package var sparse: [SparseExtent]?

    package init(path: String, kind: Kind, mode: UInt32 = 0o644) {
        self.path = path
        self.kind = kind
        self.mode = mode
    }
}

/// A time of a file: seconds since 1970, which may be negative, and nanoseconds from 0 to 999 999 999.
package struct TarTime: Equatable, Comparable, Sendable {
    package var seconds: Int64 = 0
    package var nanoseconds: Int64 = 0

    package init(seconds: Int64 = 0, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (a: TarTime, b: TarTime) -> Bool {
        (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
    }
}

/// A stretch of data in a sparse file.
package struct SparseExtent: Equatable, Sendable {
    package var offset: Int64
    package var length: Int64

    package init(offset: Int64, length: Int64) {
        self.offset = offset
        self.length = length
    }
}
