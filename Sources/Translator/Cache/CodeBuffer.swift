import CLinux
import Glibc

/// Memory for emitted code: one anonymous file mapped twice, writable and executable, never both.
///
/// Code is appended and never moved; it is reclaimed only all at once.
package final class CodeBuffer {
    /// The writable view.
    package let writable: UnsafeMutablePointer<UInt8>
    /// The executable view, below 2 GiB.
    package let executable: UnsafePointer<UInt8>
    package let size: Int
    /// Bytes in use.
    package private(set) var used = 0
    private var returned = 0

    /// Nothing emitted by one translation is longer.
    static let reserve = 512 * 1024
    /// Pages of the writable view are given back in steps of this many bytes: the file keeps the
    /// code, but it counts once only in the process's resident size.
    private static let returnStep = 1 << 20

    /// `nil` when the host refuses memory.
    package init?(size: Int) {
        let file = viv_memfd("vivarium-code", size)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let view = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard view != MAP_FAILED, let view, let code = viv_map_low(file, size, PROT_READ | PROT_EXEC) else {
            return nil
        }
        writable = view.assumingMemoryBound(to: UInt8.self)
        executable = UnsafePointer(code.assumingMemoryBound(to: UInt8.self))
        self.size = size
    }

    deinit {
        munmap(writable, size)
        munmap(UnsafeMutableRawPointer(mutating: executable), size)
    }

    /// Where the next code goes, or `nil` when there is no room for a whole translation.
    package func next() -> UnsafeMutablePointer<UInt8>? {
        size - used < Self.reserve ? nil : writable + used
    }

    /// Takes note that code was written up to `end`.
    package func commit(to end: UnsafeMutablePointer<UInt8>) {
        used = (end - writable + 15) & ~15
        guard used - returned >= 2 * Self.returnStep else { return }
        returned += Self.returnStep
        // All of them: links have touched earlier pages again since the last time.
        madvise(writable, returned, MADV_DONTNEED)
    }

    /// Forgets all code after the first `kept` bytes. No vCPU may be inside the code.
    package func truncate(to kept: Int) {
        used = kept
        returned = 0
    }

    @inline(__always)
    package func offset(of place: UnsafePointer<UInt8>) -> UInt32 {
        UInt32(truncatingIfNeeded: place - UnsafePointer(writable))
    }

    /// The address to run, of the byte at `offset`.
    @inline(__always)
    package func entry(_ offset: UInt32) -> UInt { UInt(bitPattern: executable) &+ UInt(offset) }
}
