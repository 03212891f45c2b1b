import Glibc

/// The memory of a graphics card, which devices and processors read and write as they like.
///
/// A byte of a plane lies beside those of the other planes: four bytes for each address of the planar modes, which is
/// also where the packed modes have four pixels.
package final class VideoMemory: @unchecked Sendable {
    // SAFETY: the mapping lives as long as the object; its bytes are shared with racing vCPUs by design, as those of
    // RAM are; everything else is immutable.

    /// Bytes: 16 MiB.
    package static let size = 16 << 20

    package let bytes: UnsafeMutablePointer<UInt8>

    /// Zeroed; `nil` when the host has none.
    package init?() {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        bytes = memory.bindMemory(to: UInt8.self, capacity: Self.size)
    }

    deinit { munmap(bytes, Self.size) }

    /// A byte; places beyond the end are those from the beginning.
    subscript(place: Int) -> UInt8 {
        get { bytes[place & (Self.size - 1)] }
        set { bytes[place & (Self.size - 1)] = newValue }
    }

    /// The four planes at an address of the planar modes, plane 0 in the lowest byte.
    subscript(planes address: Int) -> UInt32 {
        get {
            let place = address &* 4 & (Self.size - 1)
            return UnsafeRawPointer(bytes + place).load(as: UInt32.self)
        }
        set {
            let place = address &* 4 & (Self.size - 1)
            UnsafeMutableRawPointer(bytes + place).storeBytes(of: newValue, as: UInt32.self)
        }
    }

    /// Makes the first `count` bytes zero.
    func clear(_ count: Int) { memset(bytes, 0, min(max(count, 0), Self.size)) }
}
