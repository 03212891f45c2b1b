import Machine

/// What the built-in SBI needs of the harts. All methods may be called on any hart's thread.
package protocol SBIHarts: Sendable {
    /// Harts are numbered from 0; at most 64.
    var count: Int { get }
    /// The supervisor timer interrupt of `hart` is pending from tick `time` of the clock on, and not before.
    func setTimer(_ time: UInt64, of hart: Int)
    /// Sets or clears `sip.SSIP` of `hart`.
    func setSoftwareInterrupt(_ pending: Bool, of hart: Int)
    /// Returns when each of `harts` can no longer use what it had cached before the call.
    func fence(_ fence: RemoteFence, on harts: HartSet)
    /// Starts a hart that is stopped. Its own call of stop may still be returning.
    func start(at entry: HartEntry)
    /// Eight bytes at a virtual address as supervisor mode of `hart` would load them; `nil` where it would trap.
    func load(virtual address: UInt64, of hart: Int) -> UInt64?
}

/// The console behind the debug console extension and the legacy calls.
package struct SBIConsole: Sendable {
    /// Prints all the bytes; may block.
    let write: @Sendable (UnsafeRawBufferPointer) -> Void
    /// Fills the buffer with input as far as there is any; never blocks. Returns the count.
    let read: @Sendable (UnsafeMutableRawBufferPointer) -> Int

    package init(
        write: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        read: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Int
    ) {
        self.write = write
        self.read = read
    }
}

/// What the machine-mode identity registers hold, told to supervisor mode by the base extension.
package struct SBIIdentity: Sendable, Equatable {
    /// `mvendorid`, `marchid` and `mimpid`.
    let vendor, architecture, implementation: UInt64

    package init(vendor: UInt64 = 0, architecture: UInt64 = 0, implementation: UInt64 = 0) {
        self.vendor = vendor
        self.architecture = architecture
        self.implementation = implementation
    }
}
