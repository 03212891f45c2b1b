/// What a page walk found for one address.
package struct PageMapping: Sendable, Equatable {
    /// Physical address of the byte that was asked for.
    package var physical: UInt64
    /// Log2 of the page's size in bytes: 12, 21, 30, 39 or 48; without translation, 12.
    package var sizeBits: UInt8
    /// What the page tables and PMP allow, in the mode of the walk, on the 4 KiB around the address. Only
    /// true where `isUniform` is. Writable only once the page is marked dirty.
    package var readable: Bool
    package var writable: Bool
    package var executable: Bool
    /// The PTE's U and G bits.
    package var user: Bool
    package var global: Bool
    /// Whether one answer of PMP holds for the whole 4 KiB around the address. If not, every access must be
    /// walked for itself.
    package var isUniform: Bool
}

/// Permissions of memory, laid out as in a PMP configuration.
package struct Rights: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let read = Rights(rawValue: 1)
    package static let write = Rights(rawValue: 2)
    package static let execute = Rights(rawValue: 4)
    package static let all: Rights = [.read, .write, .execute]

    @inline(__always)
    func allow(_ access: Access) -> Bool { rawValue >> access.rawValue & 1 != 0 }
}
