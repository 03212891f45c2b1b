/// Where a debugger wants vCPUs to stop: addresses of instructions and ranges of data, all virtual, in whatever
/// address space is in force.
///
/// Nothing is written to the guest's memory. Engines keep pages that hold a point out of their TLBs, so that all
/// fetches and accesses there come by a slow path, which asks here; all others cost nothing.
package struct DebugPoints: Equatable, Sendable {
    /// What an access does to the data that is watched.
    package enum Access: UInt8, Sendable {
        case read, write
    }

    /// Instructions that are stopped before.
    package enum BreakKind: Sendable {
        case software, hardware
    }

    /// A range of data.
    package struct Watch: Equatable, Sendable {
        /// Which accesses count.
        package enum Kind: Sendable {
            case write, read, any
        }

        package let kind: Kind
        package let address: UInt64
        /// In bytes, at least 1.
        package let count: UInt64

        /// `nil` when the range is empty or wraps.
        package init?(kind: Kind, address: UInt64, count: UInt64) {
            guard count > 0, !address.addingReportingOverflow(count - 1).overflow else { return nil }
            self.kind = kind
            self.address = address
            self.count = count
        }

        private func counts(_ access: Access) -> Bool {
            kind == .any || (kind == .write) == (access == .write)
        }

        fileprivate func isHit(_ start: UInt64, _ bytes: UInt64, _ access: Access) -> Bool {
            counts(access) && (address &- start < bytes || start &- address < count)
        }

        fileprivate func touches(page: UInt64, _ access: Access) -> Bool {
            counts(access) && page >= address >> 12 && page <= (address + count - 1) >> 12
        }
    }

    private struct Breakpoint: Equatable, Sendable {
        let address: UInt64
        let kind: BreakKind
    }

    private var breakpoints: [Breakpoint] = []
    private var watches: [Watch] = []

    package init() {}

    package var isEmpty: Bool { breakpoints.isEmpty && watches.isEmpty }
    package var hasWatches: Bool { !watches.isEmpty }
    package var count: Int { breakpoints.count + watches.count }

    // Setting the same point twice leaves one, as clearing it once takes it away.

    package mutating func setBreak(_ address: UInt64, _ kind: BreakKind) {
        clearBreak(address, kind)
        breakpoints.append(Breakpoint(address: address, kind: kind))
    }

    package mutating func clearBreak(_ address: UInt64, _ kind: BreakKind) {
        breakpoints.removeAll { $0 == Breakpoint(address: address, kind: kind) }
    }

    package mutating func set(_ watch: Watch) {
        clear(watch)
        watches.append(watch)
    }

    package mutating func clear(_ watch: Watch) { watches.removeAll { $0 == watch } }

    /// Whether the instruction at `address` is to be stopped before.
    package func breaks(at address: UInt64) -> BreakKind? {
        breakpoints.first { $0.address == address }?.kind
    }

    /// Whether instructions of the page of `address` have to be looked at one by one.
    package func breaks(inPageOf address: UInt64) -> Bool {
        breakpoints.contains { $0.address >> 12 == address >> 12 }
    }

    /// The watch that an access of `bytes` bytes at `address` sets off.
    package func watch(_ address: UInt64, _ bytes: UInt64, _ access: Access) -> Watch? {
        watches.first { $0.isHit(address, bytes, access) }
    }

    /// Whether such accesses to the page of `address` have to be looked at one by one.
    package func watches(inPageOf address: UInt64, _ access: Access) -> Bool {
        watches.contains { $0.touches(page: address >> 12, access) }
    }
}

/// Why a vCPU has stopped.
package enum DebugStop: Equatable, Sendable {
    case breakpoint(DebugPoints.BreakKind)
    /// At an access to watched data, before it or after it, as debuggers expect of the instruction set.
    case watch(DebugPoints.Watch)
    /// One instruction has been executed.
    case step
    /// The debugger asked for it.
    case interrupted
}
