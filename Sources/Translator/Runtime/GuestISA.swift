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
    /// Address of the next instruction.
    var pc: UInt64 { get set }
    /// Counts instructions that emitted code retired before it left for a slow path.
    func retire(_ count: Int)

    /// What address translation depends on now, and the mode bits (eight) that select translations.
    var addressContext: AddressContext { get }
    var modeKey: UInt32 { get }

    /// Appends the operations of the straight run of code that starts `offset` bytes into `page`
    /// (4096 bytes of guest memory), for mode `key`. At least one instruction is taken.
    func build(_ unit: inout UnitBuilder, page: UnsafeRawPointer, offset: Int, key: UInt32)

    /// The page of `address`, or `nil` when the access faults or must not be cached. Takes no trap.
    func translate(_ address: UInt64, _ access: MemoryAccess) -> PageTranslation?
    /// A whole load of 1 to 8 bytes, zero-extended, wherever it leads; `nil` after taking the trap.
    func load(_ address: UInt64, bytes: Int) -> UInt64?
    /// A whole store; false after taking the trap.
    func store(_ address: UInt64, bytes: Int, _ value: UInt64) -> Bool
    /// Executes the instruction at `pc` by the reference interpreter, traps included.
    ///
    /// - Returns: whether emitted code may go on behind it: it completed, and neither mode nor
    ///   mappings changed.
    func interpret() -> Bool
}
