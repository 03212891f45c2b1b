/// The 64 bytes at the head of a RISC-V Linux `Image` (Linux, Documentation/arch/riscv/boot-image-header.rst).
struct ImageHeader: Equatable {
    static let size = 64

    /// Where the image wants to lie, from the start of RAM.
    let textOffset: UInt64
    /// Memory that the kernel needs from there on, its zeroed data included; zero in very old kernels.
    let imageSize: UInt64

    /// `nil` when the bytes carry neither of the two magic numbers.
    init?(_ bytes: [UInt8]) throws(KernelError) {
        guard bytes.count >= Self.size else { return nil }
        let old = bytes[48..<56].elementsEqual("RISCV\0\0\0".utf8)
        let new = bytes[56..<60].elementsEqual("RSC\u{5}".utf8)
        guard old || new, let textOffset = bytes.little64(8), let imageSize = bytes.little64(16) else {
            return nil
        }
        guard bytes[24] & 1 == 0 else { throw .otherArchitecture("big-endian RISC-V") }
        self.textOffset = textOffset
        self.imageSize = imageSize
    }
}
