import CLinux
import Glibc
import Host

/// The guest's RAM: one contiguous range of guest-physical addresses, mapped once into the host.
///
/// Every access from a device goes through here, so that a write to a page that holds translated
/// code is seen by the translator. vCPUs reach RAM through their TLBs and never call these.
///
/// All methods are safe with any guest-chosen address: out of range means `nil` or `false`.
package final class GuestMemory: @unchecked Sendable {
    // SAFETY: the mapping lives as long as the object; bytes are shared with racing vCPUs by design,
    // exactly as RAM is shared with DMA; all other stored properties are immutable after set-up.

    /// 4 KiB: the granule of page flags and of every guest's smallest page.
    package static let pageSize: UInt64 = 4096

    /// First guest-physical address.
    package let base: UInt64
    /// Length in bytes, a multiple of `pageSize`.
    package let size: UInt64
    /// Host address of `base`.
    package let host: UnsafeMutableRawPointer
    /// One byte a page; see `PageFlags`. Written with atomic read-modify-write only.
    package let pageFlags: UnsafeMutablePointer<UInt8>
    /// Called after a device has written to a page that holds translated code (address, count).
    /// Set once, before the first vCPU runs.
    package nonisolated(unsafe) var codeWritten: (UInt64, UInt64) -> Void = { _, _ in }

    /// Addresses at which a part of RAM is seen besides, and cannot be written: where a board shows its firmware. Both
    /// begin at pages. Set once, before the first vCPU runs.
    package struct Window: Sendable {
        let addresses: Range<UInt64>
        let target: UInt64

        package init(_ addresses: Range<UInt64>, showing target: UInt64) {
            self.addresses = addresses
            self.target = target
        }
    }

    package nonisolated(unsafe) var window: Window?

    /// The address of RAM that is seen at `address` through the window; `nil` where there is none.
    package func seen(at address: UInt64) -> UInt64? {
        guard let window, window.addresses.contains(address) else { return nil }
        return address &- window.addresses.lowerBound &+ window.target
    }
    /// Addresses within RAM's range that belong to devices, whole pages; what lies there is no RAM to anybody.
    /// Set once, before the first vCPU runs.
    package nonisolated(unsafe) var hole: Range<UInt64> = 0..<0

    /// What is known about one page of RAM.
    package struct PageFlags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// Instructions were translated from this page: stores to it must be seen.
        package static let code = PageFlags(rawValue: 1)
        /// Some vCPU's TLB may hold a write tag for this page.
        package static let writable = PageFlags(rawValue: 2)
        /// The page is about to hold code, and its write tags are being taken away.
        package static let settling = PageFlags(rawValue: 4)
    }

    /// Maps `size` bytes of zeroed RAM at guest-physical `base`.
    ///
    /// - Returns: `nil` when the host refuses the mapping (errno tells why).
    package init?(base: UInt64, size: UInt64) {
        let (end, overflow) = base.addingReportingOverflow(size)
        guard !overflow, end > base, size % Self.pageSize == 0, base % Self.pageSize == 0,
            let length = Int(exactly: size)
        else { return nil }
        guard let ram = Self.map(length), let flags = Self.map(length / Int(Self.pageSize)) else {
            return nil
        }
        madvise(ram, length, MADV_HUGEPAGE)
        self.base = base
        self.size = size
        host = ram
        pageFlags = flags.assumingMemoryBound(to: UInt8.self)
    }

    deinit {
        munmap(host, Int(size))
        munmap(pageFlags, Int(size / Self.pageSize))
    }

    /// Makes all of RAM zero, as after power-on, and gives its pages back to the host. Pages mapped from a
    /// file hold the file's bytes again. Call only while no vCPU and no device runs.
    package func clear() {
        madvise(host, Int(size), MADV_DONTNEED)
        didWrite(base, size)
    }

    private static func map(_ length: Int) -> UnsafeMutableRawPointer? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let address = mmap(nil, max(length, 4096), PROT_READ | PROT_WRITE, flags, -1, 0)
        return address == MAP_FAILED ? nil : address
    }

    /// Whether `count` bytes from `address` all lie in RAM. Zero bytes lie nowhere but inside.
    @inline(__always)
    package func contains(_ address: UInt64, _ count: UInt64) -> Bool {
        let offset = address &- base
        guard offset < size, count <= size &- offset else { return false }
        return address >= hole.upperBound || address &+ count <= hole.lowerBound
    }

    /// The host address of `count` readable bytes at `address`, or `nil` when they are not all RAM.
    @inline(__always)
    package func pointer(to address: UInt64, count: UInt64) -> UnsafeMutableRawPointer? {
        guard contains(address, count) else { return nil }
        return host + Int(bitPattern: UInt(address &- base))
    }

    /// Tells the translator that a device has stored `count` bytes at `address` through `pointer`.
    /// Call it after the bytes are in place.
    ///
    /// A translator flags a page first and reads its instructions second; here the bytes come first and
    /// the flags second. With a fence between, one of the two always sees the other.
    package func didWrite(_ address: UInt64, _ count: UInt64) {
        guard count > 0, contains(address, count) else { return }
        viv_fence()
        let first = (address &- base) / Self.pageSize
        let last = (address &- base &+ count &- 1) / Self.pageSize
        for page in first...last where pageFlags[Int(page)] & PageFlags.code.rawValue != 0 {
            codeWritten(address, count)
            return
        }
    }

    /// Copies guest bytes out. False when the range is not all RAM.
    package func read(_ address: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Bool {
        guard let source = pointer(to: address, count: UInt64(bytes.count)) else { return bytes.isEmpty }
        bytes.copyMemory(from: UnsafeRawBufferPointer(start: source, count: bytes.count))
        return true
    }

    /// Copies bytes in. False when the range is not all RAM; then nothing is written.
    package func write(_ address: UInt64, from bytes: UnsafeRawBufferPointer) -> Bool {
        let count = UInt64(bytes.count)
        guard let target = pointer(to: address, count: count) else { return bytes.isEmpty }
        UnsafeMutableRawBufferPointer(start: target, count: bytes.count).copyMemory(from: bytes)
        didWrite(address, count)
        return true
    }
}

extension GuestMemory {
    /// Little-endian loads of any alignment; `nil` outside RAM.
    package func load8(_ address: UInt64) -> UInt8? {
        pointer(to: address, count: 1)?.load(as: UInt8.self)
    }

    package func load16(_ address: UInt64) -> UInt16? {
        pointer(to: address, count: 2)?.loadUnaligned(as: UInt16.self)
    }

    package func load32(_ address: UInt64) -> UInt32? {
        pointer(to: address, count: 4)?.loadUnaligned(as: UInt32.self)
    }

    package func load64(_ address: UInt64) -> UInt64? {
        pointer(to: address, count: 8)?.loadUnaligned(as: UInt64.self)
    }

    /// Little-endian stores of any alignment; false outside RAM.
    package func store8(_ address: UInt64, _ value: UInt8) -> Bool {
        withUnsafeBytes(of: value) { write(address, from: $0) }
    }

    package func store16(_ address: UInt64, _ value: UInt16) -> Bool {
        withUnsafeBytes(of: value) { write(address, from: $0) }
    }

    package func store32(_ address: UInt64, _ value: UInt32) -> Bool {
        withUnsafeBytes(of: value) { write(address, from: $0) }
    }

    package func store64(_ address: UInt64, _ value: UInt64) -> Bool {
        withUnsafeBytes(of: value) { write(address, from: $0) }
    }
}
