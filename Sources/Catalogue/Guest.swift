import Model

/// A guest that `viv` can make by itself.
package enum BuiltInGuest: String, CaseIterable, Sendable {
    case busybox
    case debian

    /// One line for `viv guests`.
    package var summary: String {
        switch self {
        case .busybox: "a small Linux with a busybox shell, in memory only"
        case .debian: "Debian with systemd on a disk that keeps what is written"
        }
    }

    /// The command line of its kernel.
    func append(_ arch: GuestArchitecture) -> String {
        let task =
            switch self {
            case .busybox: "console=ttyS0 vivarium=shell"
            case .debian: "console=ttyS0 vivarium=disk"
            }
        return task + arch.append
    }
}

extension GuestArchitecture {
    /// What Debian calls it.
    var debianName: String {
        switch self {
        case .riscv64: "riscv64"
        case .x86: "amd64"
        }
    }

    /// The release that its guests are made of: Debian has a port to riscv64 since release 13.
    var release: DebianRelease {
        switch self {
        case .riscv64: .trixie
        case .x86: .bookworm
        }
    }

    /// The package that always depends on the newest kernel.
    var kernelPackage: String {
        switch self {
        case .riscv64: "linux-image-riscv64"
        case .x86: "linux-image-cloud-amd64"
        }
    }

    /// What its kernels are told besides. There is nothing to mitigate in a processor that does not speculate.
    var append: String {
        switch self {
        case .riscv64: ""
        case .x86: " mitigations=off"
        }
    }
}

/// The files of a guest in the cache, ready to boot.
package struct GuestFiles: Equatable, Sendable {
    package let arch: GuestArchitecture
    package let kernel: String
    package let initrd: String
    /// The system disk, if it has one.
    package let disk: String?
    /// The kernel command line.
    package let append: String

    package init(arch: GuestArchitecture, kernel: String, initrd: String, disk: String?, append: String) {
        self.arch = arch
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
