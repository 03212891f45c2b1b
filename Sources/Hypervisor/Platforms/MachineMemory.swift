import Glibc
import Machine
import Model

/// Makes a machine's RAM.
enum MachineMemory {
    /// RAM of `size` bytes from `base`, or why this host cannot give it.
    static func make(_ size: UInt64, at base: UInt64) throws(MachineError) -> GuestMemory {
        let pages = UInt64(max(sysconf(Int32(_SC_PHYS_PAGES)), 0))
        let host = pages &* UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 0))
        guard size <= host, let memory = GuestMemory(base: base, size: size) else {
            let (wanted, there) = (ByteSize(bytes: size), ByteSize(bytes: host & ~0xf_ffff))
            throw MachineError(.refused, "this host has \(there) of memory, not \(wanted); ask for less")
        }
        return memory
    }
}
