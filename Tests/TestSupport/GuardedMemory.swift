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
    package init?(base: UInt64 = 0x8000_0000, size: UInt64 = 4 << 20) {
        var discarded: [GuestMemory] = []
        for _ in 0..<16 {
            Self.leaveSmallHole()
            guard let memory = GuestMemory(base: base, size: size) else { return nil }
            let below = Self.guardRegion(at: memory.host - Self.guardSize)
            let above = Self.guardRegion(at: memory.host + Int(size))
            if let below, let above {
                self.memory = memory
                guards = [below, above]
                return
            }
            for region in [below, above] { region.map { _ = munmap($0, Self.guardSize) } }
            discarded.append(memory)
        }
        return nil
    }

    deinit {
        for region in guards { munmap(region, Self.guardSize) }
    }

    private static func guardRegion(at address: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | fixedNoReplace
        let region = mmap(address, guardSize, PROT_NONE, flags, -1, 0)
        return region == address ? region : nil
    }

    /// The page flags are one small mapping made after the RAM: a hole elsewhere keeps them from
    /// becoming its neighbour.
    private static func leaveSmallHole() {
        let room = 8 * guardSize
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let region = mmap(nil, room, PROT_NONE, flags, -1, 0), region != MAP_FAILED else { return }
        munmap(region + 3 * guardSize, 2 * guardSize)
    }
}
