import Glibc
import Machine

/// An open file that is to be placed in guest RAM: a kernel, an initrd, firmware.
///
/// The descriptor is borrowed: whoever opened it keeps it open for as long as this value is used.
package struct BootFile: Sendable {
    let descriptor: Int32
    /// Bytes.
    package let size: UInt64

    package init(descriptor: Int32, size: UInt64) {
        self.descriptor = descriptor
        self.size = size
    }

    /// The file behind `descriptor`, with the size it has now.
    package init(descriptor: Int32) throws(KernelError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(errno: errno) }
        self.init(descriptor: descriptor, size: UInt64(max(0, status.st_size)))
    }

    /// All of it; for files that fit into memory.
    package func contents() throws(KernelError) -> [UInt8] { try bytes(at: 0, count: Int(clamping: size)) }

    /// Up to `count` bytes from `offset`: fewer only at the end of the file.
    func bytes(at offset: UInt64, count: Int) throws(KernelError) -> [UInt8] {
        guard offset < size else { return [] }
        let count = Int(min(UInt64(count), size - offset))
        var buffer = [UInt8](repeating: 0, count: count)
        let filled = buffer.withUnsafeMutableBytes { read(into: $0, at: offset) }
        guard let filled else { throw .unreadable(errno: errno) }
        return Array(buffer.prefix(filled))
    }

    /// Reads until `target` is full or the file ends; `nil` on an error (errno tells).
    func read(into target: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int? {
        var filled = 0
        while filled < target.count {
            let remaining = UnsafeMutableRawBufferPointer(rebasing: target[filled...])
            guard let position = off_t(exactly: offset + UInt64(filled)) else { return filled }
            let count = pread(descriptor, remaining.baseAddress, remaining.count, position)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Places the whole file at guest-physical `address`.
    package func place(at address: UInt64, in memory: GuestMemory, as what: String) throws(KernelError) {
        try place(0..<size, at: address, in: memory, as: what)
    }

    /// Places part of the file at guest-physical `address`.
    ///
    /// Whole pages that are aligned alike in the file and in RAM are mapped privately, so that nothing is
    /// read until the guest touches it; the rest, and everything where the host refuses the mapping,
    /// is copied. No page that the range only partly fills is ever mapped: the file's other bytes stay
    /// out, RAM around the range keeps its content, and nothing lies past the end of the file.
    ///
    /// The file must not be cut short while the machine runs.
    func place(
        _ range: Range<UInt64>, at address: UInt64, in memory: GuestMemory, as what: String
    ) throws(KernelError) {
        let count = range.upperBound - range.lowerBound
        guard count > 0 else { return }
        guard range.upperBound <= size else {
            throw .truncated(what: "\(what) reaches past the end of the file")
        }
        guard let target = memory.pointer(to: address, count: count) else {
            throw .doesNotFit(
                what: what, address: address, size: count, ram: memory.base..<memory.base + memory.size)
        }
        let mapped = mappablePages(range, address)
        if let mapped, map(mapped, onto: target + Int(mapped.lowerBound - range.lowerBound)) {
            try copy(range.lowerBound..<mapped.lowerBound, of: range, to: target, what)
            try copy(mapped.upperBound..<range.upperBound, of: range, to: target, what)
        } else {
            try copy(range, of: range, to: target, what)
        }
        memory.didWrite(address, count)
    }

    /// The whole pages of `range`, if offsets in file and RAM agree modulo the page size.
    private func mappablePages(_ range: Range<UInt64>, _ address: UInt64) -> Range<UInt64>? {
        let page = GuestMemory.pageSize
        guard address % page == range.lowerBound % page else { return nil }
        let first = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        return first < end ? first..<end : nil
    }

    private func map(_ range: Range<UInt64>, onto target: UnsafeMutableRawPointer) -> Bool {
        guard let offset = off_t(exactly: range.lowerBound) else { return false }
        let flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE
        let length = Int(range.upperBound - range.lowerBound)
        return mmap(target, length, PROT_READ | PROT_WRITE, flags, descriptor, offset) != MAP_FAILED
    }

    private func copy(
        _ part: Range<UInt64>, of range: Range<UInt64>, to target: UnsafeMutableRawPointer, _ what: String
    ) throws(KernelError) {
        guard !part.isEmpty else { return }
        let start = target + Int(part.lowerBound - range.lowerBound)
        let buffer = UnsafeMutableRawBufferPointer(start: start, count: part.count)
        guard let filled = read(into: buffer, at: part.lowerBound) else { throw .unreadable(errno: errno) }
        guard filled == buffer.count else { throw .truncated(what: "\(what) ends early") }
    }
}
