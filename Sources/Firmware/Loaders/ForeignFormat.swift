/// Recognises what people feed to a boot loader by mistake, to tell them so.
enum ForeignFormat {
    /// The error for files of a known other kind, judged by their first KiB; `nil` when unknown.
    static func recognise(_ head: [UInt8]) -> KernelError? {
        if let name = architecture(head) { return .otherArchitecture(name) }
        if let packer = compression(head) {
            return .unsupported(
                "is compressed with \(packer), which is not supported; unpack it, or use gzip")
        }
        if starts(head, [0x27, 0x05, 0x19, 0x56]) {
            return .unsupported("is a U-Boot uImage; give the kernel Image inside it")
        }
        if starts(head, [0xd0, 0x0d, 0xfe, 0xed]) {
            return .unsupported("is a device tree or FIT image; give a kernel Image or an ELF file")
        }
        return nil
    }

    private static func architecture(_ head: [UInt8]) -> String? {
        if head.count >= 0x206, head[0x202..<0x206].elementsEqual("HdrS".utf8) { return "x86 (a bzImage)" }
        if head.count >= 0x3c, head[0x38..<0x3c].elementsEqual("ARM\u{64}".utf8) { return "arm64 (an Image)" }
        if head.little32(0x24) == 0x016f_2818 { return "32-bit Arm (a zImage)" }
        if head.count >= 0x3c, head[0x38..<0x3c].elementsEqual([0xcd, 0x23, 0x82, 0x81]) {
            return "LoongArch"
        }
        guard starts(head, Array("MZ".utf8)), let offset = head.little32(0x3c), offset < 0x400 else {
            return nil
        }
        let header = Int(offset)
        guard head.count >= header + 6, head[header..<header + 4].elementsEqual("PE\0\0".utf8) else {
            return nil
        }
        return switch head.little16(header + 4) {
        case 0x8664: "x86-64 (an EFI program)"
        case 0x014c: "x86 (an EFI program)"
        case 0xaa64: "arm64 (an EFI program)"
        case 0x01c2: "32-bit Arm (an EFI program)"
        default: nil
        }
    }

    private static func compression(_ head: [UInt8]) -> String? {
        if starts(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a]) { return "xz" }
        if starts(head, [0x28, 0xb5, 0x2f, 0xfd]) { return "zstd" }
        if starts(head, [0x04, 0x22, 0x4d, 0x18]) || starts(head, [0x02, 0x21, 0x4c, 0x18]) { return "lz4" }
        if starts(head, [0x42, 0x5a, 0x68]) { return "bzip2" }
        if starts(head, [0x5d, 0x00, 0x00]) { return "lzma" }
        return nil
    }

    private static func starts(_ head: [UInt8], _ magic: [UInt8]) -> Bool { head.starts(with: magic) }
}
