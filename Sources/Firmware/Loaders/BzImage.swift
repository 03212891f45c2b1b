import Machine

/// A Linux bzImage whose 64-bit entry is used (Linux, Documentation/arch/x86/boot.rst): the part behind the
/// real-mode code goes to RAM as it is and unpacks itself.
package struct BzImage {
    /// What the setup header says, as far as it is needed.
    private enum Field {
        static let start = 0x1F1
        static let magic = 0x202
        static let version = 0x206
        static let jump = 0x201
        static let alignment = 0x230
        static let isRelocatable = 0x234
        static let loadFlags = 0x236
        static let commandLineSize = 0x238
        static let preferredAddress = 0x258
        static let initSize = 0x260
        static let initrdLimit = 0x22C
    }

    /// Distance of the 64-bit entry from the start of the protected-mode part.
    private static let entryOffset: UInt64 = 0x200
    private static let headSize = 0x400
    /// Protocol 2.12: the first to tell of the 64-bit entry.
    private static let oldestVersion: UInt16 = 0x20C

    private let file: BootFile
    private let head: [UInt8]
    /// Bytes before the protected-mode part.
    private let setupSize: UInt64

    /// Whether `head`, the first KiB of a file, is that of some bzImage.
    package static func isBzImage(_ head: [UInt8]) -> Bool {
        head.count >= Field.magic + 4 && head[Field.magic..<Field.magic + 4].elementsEqual("HdrS".utf8)
    }

    /// Looks at the setup header, or tells why the file cannot be booted.
    package init(_ file: BootFile) throws(KernelError) {
        guard file.size > 0 else { throw .unsupported("is empty; give a bzImage, such as /boot/vmlinuz") }
        head = try file.bytes(at: 0, count: Self.headSize)
        guard Self.isBzImage(head), head.count == Self.headSize else {
            throw .unsupported("is no kernel for x86-64; give a bzImage, such as /boot/vmlinuz")
        }
        self.file = file
        guard let version = head.little16(Field.version), version >= Self.oldestVersion else {
            throw .unsupported("is older than Linux 3.8, whose kernels do not tell of a 64-bit entry")
        }
        guard let flags = head.little16(Field.loadFlags), flags & 1 != 0 else {
            throw .unsupported("is a 32-bit x86 kernel; give a 64-bit one")
        }
        let sectors = head[Field.start] == 0 ? 4 : UInt64(head[Field.start])
        setupSize = (sectors + 1) * 512
        guard setupSize < file.size else { throw .truncated(what: "the setup code reaches past the end") }
    }

    /// The longest command line, without its final zero.
    package var commandLineLimit: Int { Int(head.little32(Field.commandLineSize) ?? 255) }

    /// The highest address that a byte of the initrd may have.
    package var initrdLimit: UInt64 { UInt64(head.little32(Field.initrdLimit) ?? 0x37FF_FFFF) }

    /// The part of the setup header that goes into the boot parameters, and where it belongs there.
    package var setupHeader: (offset: Int, bytes: [UInt8]) {
        let end = min(Field.magic + Int(head[Field.jump]), 0x290)
        return (Field.start, Array(head[Field.start..<max(end, Field.start)]))
    }

    /// Puts the kernel where it prefers to be.
    package func load(into memory: GuestMemory) throws(KernelError) -> KernelImage.Loaded {
        let address = head.little64(Field.preferredAddress) ?? 0
        let size = file.size - setupSize
        let needed = max(UInt64(head.little32(Field.initSize) ?? 0), size)
        guard memory.contains(address, needed), address >= 1 << 20 else {
            throw .doesNotFit(
                what: "the kernel", address: address, size: needed,
                ram: memory.base..<memory.base + memory.size)
        }
        try file.place(setupSize..<file.size, at: address, in: memory, as: "the kernel")
        return KernelImage.Loaded(
            entry: address + Self.entryOffset, range: address..<address + needed, toHost: nil)
    }
}
