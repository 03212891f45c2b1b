/// Physical memory protection (privileged spec, "Physical Memory Protection"): 16 entries, 4-byte granules.
package enum PhysicalProtection {
    static let entries = 16
    private static let locked: UInt8 = 1 << 7

    /// What `privilege` may do with `count` bytes (at least one) from `address`.
    ///
    /// - Returns: `nil` when the entry that decides covers only some of the bytes: such an access fails, such
    ///   a page
    ///   must not be cached.
    package static func rights(
        _ state: HartPointer, _ address: UInt64, _ count: UInt64, _ privilege: Privilege
    ) -> Rights? {
        let (last, wraps) = address.addingReportingOverflow(count &- 1)
        if wraps { return nil }
        for entry in 0..<entries {
            guard let range = range(state, entry), range.first <= last, address <= range.last else {
                continue
            }
            guard range.first <= address, last <= range.last else { return nil }
            let configuration = state.pointee.pmpcfg[entry]
            let exempt = privilege == .machine && configuration & locked == 0
            return exempt ? .all : Rights(rawValue: configuration & 7)
        }
        return privilege == .machine ? .all : []
    }

    /// Whether every byte of the access is allowed.
    @inline(__always)
    package static func allows(
        _ state: HartPointer, _ address: UInt64, _ count: UInt64, _ access: Access, _ privilege: Privilege
    ) -> Bool {
        rights(state, address, count, privilege)?.allow(access) ?? false
    }

    /// The bytes of one entry; `nil` when it is off or empty.
    private static func range(_ state: HartPointer, _ entry: Int) -> (first: UInt64, last: UInt64)? {
        let address = state.pointee.pmpaddr[entry]
        switch state.pointee.pmpcfg[entry] >> 3 & 3 {
        case 1:
            let first = entry == 0 ? 0 : state.pointee.pmpaddr[entry - 1] << 2
            return first < address << 2 ? (first, address << 2 &- 1) : nil
        case 2:
            return (address << 2, address << 2 | 3)
        case 3:
            // k trailing ones make a range of 2^(k+3) bytes.
            let ones = address ^ (address &+ 1)
            return ((address & ~ones) << 2, (address | ones) << 2 | 3)
        default:
            return nil
        }
    }

    /// Whether an entry, or the one above that uses its address as its base, is locked.
    static func isLocked(_ state: HartPointer, _ entry: Int, address: Bool) -> Bool {
        if state.pointee.pmpcfg[entry] & locked != 0 { return true }
        guard address, entry + 1 < entries else { return false }
        let next = state.pointee.pmpcfg[entry + 1]
        return next & locked != 0 && next >> 3 & 3 == 1
    }

    /// Replaces one configuration byte, unless it is locked. Reserved bits read as zero; W without R is
    /// reserved.
    static func configure(_ state: HartPointer, _ entry: Int, _ value: UInt8) {
        guard !isLocked(state, entry, address: false) else { return }
        let legal = value & 0x9F
        state.pointee.pmpcfg[entry] = legal & 3 == 2 ? legal & ~2 : legal
    }
}
