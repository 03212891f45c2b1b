import Glibc
import Machine

extension GuestMemory {
    /// Makes all of RAM zero, as after power-on, but for pages that were mapped from files: those hold the
    /// files' bytes again and wait for the next load. No hart runs, no device works.
    func clear() {
        madvise(host, Int(size), MADV_DONTNEED)
        didWrite(base, size)
    }
}
