/// Why a file cannot be booted: one line each, what is wrong and what to do.
package enum KernelError: Error, Equatable {
    case unreadable(errno: Int32)
    case empty
    case truncated(what: String)
    case unknownFormat
    case otherArchitecture(String)
    /// Recognised, but of a kind this machine does not boot; says which and what to use instead.
    case unsupported(String)
    case corrupt(String)
    /// A part that does not lie in the machine's RAM.
    case doesNotFit(what: String, address: UInt64, size: UInt64, ram: Range<UInt64>)
}

extension KernelError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let errno): "cannot be read (error \(errno))"
        case .empty: "is empty; give a RISC-V kernel Image or ELF file"
        case .truncated(let what): "is cut short: \(what); fetch the file again"
        case .unknownFormat:
            "is no kernel that is known here; give a RISC-V Image (raw or gzip) or an ELF file"
        case .otherArchitecture(let name): "is made for \(name); this machine needs a riscv64 kernel"
        case .unsupported(let text): text
        case .corrupt(let what): "is damaged: \(what); fetch the file again"
        case .doesNotFit(let what, let address, let size, let ram):
            "\(what) wants \(Self.size(size)) at 0x\(String(address, radix: 16)), outside the machine's RAM "
                + "(0x\(String(ram.lowerBound, radix: 16))–0x\(String(ram.upperBound - 1, radix: 16))); "
                + (ram.lowerBound <= address
                    ? "give the machine more memory" : "it is not made for this board")
        }
    }

    private static func size(_ bytes: UInt64) -> String {
        let mebibyte: UInt64 = 1 << 20
        return bytes < mebibyte ? "\(bytes) bytes" : "\((bytes - 1) / mebibyte + 1) MiB"
    }
}
