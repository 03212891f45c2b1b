import Machine

/// Where the initrd and the device tree go: as high as is safe, out of the kernel's way.
package struct BootLayout: Equatable, Sendable {
    /// Guest-physical; `nil` without an initrd.
    package let initrd: Range<UInt64>?
    /// Guest-physical, 8-byte aligned as the tree must be; page-aligned in fact.
    package let deviceTree: UInt64

    /// Early kernels and boot loaders reach this much of RAM for certain.
    private static let reach: UInt64 = 3 << 30

    /// Finds room above `kernel`.
    ///
    /// - Parameters:
    ///   - kernel: the guest-physical range the kernel and firmware use.
    ///   - initrdSize: bytes, zero for none.
    ///   - deviceTreeSize: bytes, with the slack that boot loaders want to add nodes.
    package init(
        memory: GuestMemory, kernel: Range<UInt64>, initrdSize: UInt64, deviceTreeSize: UInt64
    ) throws(KernelError) {
        let top = memory.base + min(memory.size, Self.reach)
        let tree = Self.below(top, deviceTreeSize)
        let disk = tree.flatMap { Self.below($0, initrdSize) }
        guard let tree, let disk, disk >= kernel.upperBound else {
            throw .doesNotFit(
                what: "the initrd with the device tree", address: kernel.upperBound,
                size: initrdSize &+ deviceTreeSize, ram: memory.base..<memory.base + memory.size)
        }
        deviceTree = tree
        initrd = initrdSize == 0 ? nil : disk..<disk + initrdSize
    }

    /// The highest page boundary with `size` bytes between it and `top`.
    private static func below(_ top: UInt64, _ size: UInt64) -> UInt64? {
        size <= top ? (top - size) & ~(GuestMemory.pageSize - 1) : nil
    }
}
