import Glibc

/// What this process may do to files, which decides about the form of overlays and about what is left out.
package struct HostPowers: Equatable, Sendable {
    /// Root, be it of a user namespace: owners can be set, as far as they are mapped.
    package var setsOwners: Bool
    /// Root of the host: devices and `trusted.` attributes can be made.
    package var isHostRoot: Bool

    package init(setsOwners: Bool, isHostRoot: Bool) {
        self.setsOwners = setsOwners
        self.isHostRoot = isHostRoot
    }

    package static let current: HostPowers = {
        let isRoot = geteuid() == 0
        return HostPowers(setsOwners: isRoot, isHostRoot: isRoot && isInitialUserNamespace())
    }()

    /// Marks folders that hide what layers below have: overlayfs, "whiteouts and opaque directories"; the second
    /// form goes with the mount option `userxattr`.
    var opaqueAttribute: String { isHostRoot ? "trusted.overlay.opaque" : "user.overlay.opaque" }

    /// In the initial namespace every id is mapped to itself.
    private static func isInitialUserNamespace() -> Bool {
        guard let file = fopen("/proc/self/uid_map", "re") else { return true }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return true }
        let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace)
        return words.elementsEqual(["0", "0", "4294967295"])
    }
}
