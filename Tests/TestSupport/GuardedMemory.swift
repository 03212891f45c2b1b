import Glibc
import Machine

/// Guest RAM between two inaccessible regions: whoever reaches outside it ends the test process.
package final class GuardedMemory: @unchecked Sendable {
    // SAFETY: immutable after init.

    private static let guardSize = 1 << 20
    private static let fixedNoReplace: Int32 = 0x10_0000

    package let memory: GuestMemory
    private let guards: [UnsafeMutableRawPointer]

    /// `nil` when the host's address space leaves no room for the guards.
    package init?(base: UInt64 = 0x8000_0000, size: UInt64 = 1 << 20) {
        // What failed attempts have mapped stays until the end, so that each one finds another place.
        var discarded: [GuestMemory] = []
        // Other tests map memory meanwhile.
        for _ in 0..<256 {
            Self.leavePageHole()
            // New mappings go right below the newest one: this becomes the upper guard.
            let spacer = Self.reserve(nil)
            guard let memory = GuestMemory(base: base, size: size) else { return nil }
            let end = memory.host + Int(size)
            let above = end == spacer ? spacer : Self.reserve(end)
            let below = Self.reserve(memory.host - Self.guardSize)
            if let below, let above {
                self.memory = memory
                guards = [below, above]
                return
            }
            discarded.append(memory)
        }
        return nil
    }

    deinit {
        for region in guards { munmap(region, Self.guardSize) }
    }

    /// An inaccessible region, at `address` or not at all.
    private static func reserve(_ address: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | (address == nil ? 0 : fixedNoReplace)
        guard let region = mmap(address, guardSize, PROT_NONE, flags, -1, 0), region != MAP_FAILED else {
            return nil
        }
        if address == nil || region == address { return region }
        munmap(region, guardSize)
        return nil
    }

    /// The page flags are one page, mapped after the RAM: a hole of that size, higher up, keeps them
    /// from becoming its neighbour.
    private static func leavePageHole() {
        guard let region = reserve(nil) else { return }
        munmap(region + guardSize / 2, 4096)
    }
}
