/// What an access wants to do with memory.
package enum MemoryAccess: UInt8, Sendable {
    case read, write, execute
}

/// One vCPU of some guest instruction set, as the translator sees it: how its instructions become
/// operations, and everything that emitted code does not do by itself.
///
/// The calls are coarse (once a unit, a TLB miss, a trap), so they may go through an existential.
package protocol GuestISA: AnyObject {
    var layout: StateLayout { get }
    /// What address translation depends on now, and the mode bits (twelve) that select translations.
    var addressContext: AddressContext { get }
    var modeKey: UInt32 { get }

    /// Appends the operations of up to `limit` instructions of the straight run of code that starts
    /// at `offset` of `code`, for mode `key`. At least one instruction is taken.
    ///
    /// - Returns: the offset of the next instruction, when the run goes on there; `nil` when it
    ///   has ended in a jump or in leaving.
    func build(_ unit: inout UnitBuilder, code: CodeWindow, offset: Int, limit: Int, key: UInt32) -> Int?

    /// The page of `address`, or `nil` when the access faults or must not be cached. Takes no trap.
    func translate(_ address: UInt64, _ access: MemoryAccess) -> PageTranslation?
    /// A whole load of 1 to 8 bytes, zero-extended, wherever it leads; `nil` after taking the trap.
    func load(_ address: UInt64, bytes: Int) -> UInt64?
    /// A whole store; false after taking the trap.
    func store(_ address: UInt64, bytes: Int, _ value: UInt64) -> Bool
    /// Executes the instruction at `pc` by the reference interpreter, traps included.
    ///
    /// - Parameter encoding: the instruction's bits, when they are known; otherwise it is fetched.
    /// - Returns: whether emitted code may go on behind it: it completed, and neither mode nor
    ///   mappings changed.
    func interpret(_ encoding: UInt32?) -> Bool
}

/// The instructions in reach of one unit: a page of guest memory, and the virtually next one when
/// it is mapped.
package struct CodeWindow {
    let page: UnsafeRawPointer
    let next: UnsafeRawPointer?

    /// Bytes in reach.
    package var size: Int { next == nil ? 4096 : 8192 }

    /// The little-endian half-word at `offset`, an even number below `size`.
    @inline(__always)
    package func half(at offset: Int) -> UInt16 {
        if offset < 4096 { return page.load(fromByteOffset: offset, as: UInt16.self) }
        return next?.load(fromByteOffset: offset & 0xffe, as: UInt16.self) ?? 0
    }
}
