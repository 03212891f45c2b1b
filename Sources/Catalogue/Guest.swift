import Model

/// A guest that `viv` can make by itself.
package enum BuiltInGuest: String, CaseIterable, Sendable {
    case busybox
    case debian

    /// One line for `viv guests`.
    package var summary: String {
        switch self {
        case .busybox: "a small Linux with a busybox shell, in memory only"
        case .debian: "Debian 13 with systemd on a disk that keeps what is written"
        }
    }

    /// The command line of its kernel.
    var append: String {
        switch self {
        case .busybox: "console=ttyS0 vivarium=shell"
        case .debian: "console=ttyS0 vivarium=disk"
        }
    }
}

/// The files of a guest in the cache, ready to boot.
package struct GuestFiles: Equatable, Sendable {
    package let kernel: String
    package let initrd: String
    /// The system disk, if it has one.
    package let disk: String?
    /// The kernel command line.
    package let append: String

    package init(kernel: String, initrd: String, disk: String?, append: String) {
        self.kernel = kernel
        self.initrd = initrd
        self.disk = disk
        self.append = append
    }
}

/// What the cache holds of one guest.
package struct GuestState: Codable, Equatable, Sendable {
    package let name: String
    package let arch: GuestArchitecture
    package let summary: String
    /// The version of its kernel's package; `nil` when the guest is not cached.
    package let version: String?
    /// Bytes that it occupies in the cache.
    package let size: UInt64
}
