/// The head of an EFI zboot image: a small EFI program around a packed kernel
/// (Linux, drivers/firmware/efi/libstub/zboot-header.S).
struct ZbootHeader {
    /// Where in the file the gzip data lie.
    let range: Range<UInt64>

    /// `nil` when the bytes are no zboot image.
    init?(_ head: [UInt8]) throws(KernelError) {
        guard head.starts(with: [0x4d, 0x5a, 0, 0]), head.dropFirst(4).starts(with: "zimg".utf8),
            let offset = head.little32(8), let size = head.little32(12), head.count >= 56
        else { return nil }
        let packer = String(decoding: head[24..<56].prefix { $0 != 0 }, as: UTF8.self)
        guard packer == "gzip" else {
            throw .unsupported("is an EFI zboot image packed with \(packer); give the Image inside it")
        }
        range = UInt64(offset)..<UInt64(offset) + UInt64(size)
    }
}
