/// A privilege mode; raw values are the manual's.
package enum Privilege: UInt8, Comparable, Sendable {
    case user = 0
    case supervisor = 1
    case machine = 3

    package static func < (a: Privilege, b: Privilege) -> Bool { a.rawValue < b.rawValue }
}

/// The hart's state where it lives: every operation on it goes through this pointer, field by field, because
/// other threads change some of the fields at the same time.
package typealias HartPointer = UnsafeMutablePointer<HartState>

extension HartPointer {
    /// The current mode.
    @inline(__always)
    package var privilege: Privilege { Privilege(rawValue: pointee.privilege) ?? .user }

    /// The mode under which loads and stores are translated and checked: MPP while MPRV is set (privileged
    /// spec, "Memory Privilege in mstatus Register").
    @inline(__always)
    package var dataPrivilege: Privilege {
        guard pointee.mstatus & Status.mprv != 0 else { return privilege }
        return Privilege(rawValue: UInt8(truncatingIfNeeded: pointee.mstatus >> Status.mppShift & 3)) ?? .user
    }
}
