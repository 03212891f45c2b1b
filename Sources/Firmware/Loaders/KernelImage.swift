import Machine

/// A kernel file whose kind has been recognised and whose header makes sense.
///
/// RISC-V only today: Linux `Image`, raw, EFI-stub or packed by gzip (also as an EFI zboot image), and ELF.
package struct KernelImage {
    private enum Kind {
        case image(ImageHeader)
        case packed(ImageHeader, part: Range<UInt64>)
        case elf(ELFFile)
    }

    private let file: BootFile
    private let kind: Kind

    /// A kernel in guest RAM.
    package struct Loaded: Equatable, Sendable {
        /// Guest-physical address of the first instruction.
        package let entry: UInt64
        /// Guest-physical range that the kernel uses, its zeroed data included.
        package let range: Range<UInt64>
        /// Address of the word `tohost`, by which test programs report (ELF only).
        package let toHost: UInt64?
    }

    /// Enough for every header that is looked at.
    private static let headSize = 1024

    /// Recognises `file`, or tells why it cannot be booted.
    package init(_ file: BootFile) throws(KernelError) {
        guard file.size > 0 else { throw .empty }
        self.file = file
        let head = try file.bytes(at: 0, count: Self.headSize)
        if ELFFile.isELF(head) {
            kind = .elf(try ELFFile(file, head: head))
        } else if Gunzip.isGzip(head) {
            kind = try Self.packed(file, 0..<file.size)
        } else if let payload = try ZbootHeader(head) {
            guard payload.range.upperBound <= file.size else {
                throw .truncated(what: "the packed kernel reaches past the end")
            }
            kind = try Self.packed(file, payload.range)
        } else if let header = try ImageHeader(head) {
            kind = .image(header)
        } else {
            throw ForeignFormat.recognise(head) ?? .unknownFormat
        }
    }

    private static func packed(_ file: BootFile, _ part: Range<UInt64>) throws(KernelError) -> Kind {
        var unpacker = try Gunzip(file, part: part)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: headSize, alignment: 8)
        defer { buffer.deallocate() }
        let count = try unpacker.fill(buffer)
        let head = Array(buffer.prefix(count))
        if let header = try ImageHeader(head) { return .packed(header, part: part) }
        if ELFFile.isELF(head) { throw .unsupported("is an ELF file packed by gzip; unpack it first") }
        throw ForeignFormat.recognise(head) ?? .unknownFormat
    }

    /// Puts the kernel into RAM that is zero so far (or holds an earlier load of the same kernel).
    ///
    /// An `Image` goes to its text offset from `base`, which must be a multiple of 2 MiB: by default the
    /// start of RAM; behind resident firmware, where that says. An ELF file goes where it says itself.
    package func load(into memory: GuestMemory, base: UInt64? = nil) throws(KernelError) -> Loaded {
        let base = base ?? memory.base
        switch kind {
        case .elf(let elf): return try elf.load(into: memory)
        case .image(let header):
            let range = try Self.range(header, file.size, base, memory)
            try file.place(at: range.lowerBound, in: memory, as: "the kernel")
            return Loaded(entry: range.lowerBound, range: range, toHost: nil)
        case .packed(let header, let part):
            let range = try Self.range(header, 0, base, memory)
            let count = try unpack(part, at: range.lowerBound, in: memory)
            let end = max(range.upperBound, range.lowerBound + count)
            return Loaded(entry: range.lowerBound, range: range.lowerBound..<end, toHost: nil)
        }
    }

    /// Where an `Image` of `size` bytes lies.
    private static func range(
        _ header: ImageHeader, _ size: UInt64, _ base: UInt64, _ memory: GuestMemory
    ) throws(KernelError) -> Range<UInt64> {
        let needed = max(header.imageSize, size)
        let (start, overflow) = base.addingReportingOverflow(header.textOffset)
        guard !overflow, memory.contains(start, needed) else {
            throw .doesNotFit(
                what: "the kernel", address: start, size: needed, ram: memory.base..<memory.base + memory.size
            )
        }
        return start..<start + needed
    }

    private func unpack(_ part: Range<UInt64>, at start: UInt64, in memory: GuestMemory) throws(KernelError)
        -> UInt64
    {
        let room = memory.base + memory.size - start
        guard let pointer = memory.pointer(to: start, count: room), let length = Int(exactly: room) else {
            throw .unknownFormat
        }
        var unpacker = try Gunzip(file, part: part)
        let count = UInt64(try unpacker.fill(UnsafeMutableRawBufferPointer(start: pointer, count: length)))
        memory.didWrite(start, count)
        guard unpacker.isComplete else {
            throw .doesNotFit(
                what: "the unpacked kernel", address: start, size: room + 1,
                ram: memory.base..<memory.base + memory.size)
        }
        return count
    }
}
