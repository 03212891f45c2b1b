/// Checks an address once per base register instead of once per access.
///
/// Accesses through the same unchanged base register form a group: the first one checks that the
/// whole range of the group lies in one page with the right permission and keeps the host address;
/// the others use it. When the check fails the unit is left for its variant without hoisting, so a
/// group never faults for bytes that the guest would not have touched.
struct Hoisting: ~Copyable {
    /// What the pass decides for one memory operation.
    struct Role {
        /// Index into `groups`, or `none`.
        var group: UInt16
        static let none: UInt16 = .max
    }

    struct Group {
        var base: Value
        var isWrite: Bool
        /// The first operation, which checks.
        var leader: Int
        /// Range of offsets from the base register: [low, high).
        var low: Int64
        var high: Int64
        var members: Int
        /// Where the host address is kept, or `noSlot` when the group is not worth it.
        var slot: UInt8
    }

    static let noSlot: UInt8 = 0xff
    private static let slots = 16
    /// Widest range of a group, in bytes: wider ones would straddle pages too often.
    private static let widest: Int64 = 1024

    let roles: UnsafeMutablePointer<UInt16>
    let groups: UnsafeMutablePointer<Group>
    private(set) var groupCount = 0
    private var openRead = InlineArray<32, UInt16>(repeating: Role.none)
    private var openWrite = InlineArray<32, UInt16>(repeating: Role.none)

    init() {
        roles = .allocate(capacity: UnitBuilder.capacity)
        groups = .allocate(capacity: UnitBuilder.capacity)
    }

    deinit {
        roles.deallocate()
        groups.deallocate()
    }

    /// Forms the groups of a unit.
    mutating func run(_ ops: UnsafePointer<Op>, _ count: Int) {
        groupCount = 0
        closeAll()
        for index in 0..<count {
            roles[index] = Role.none
            let op = ops[index]
            switch op.code {
            case .load, .floatLoad: join(op, index, isWrite: false)
            case .store, .floatStore: join(op, index, isWrite: true)
            case .interpret, .interpretAndLeave, .label: closeAll()
            default: break
            }
            if op.destination < 32 { close(op.destination) }
        }
        assignSlots()
    }

    /// For a unit that is not to be hoisted.
    mutating func skip(_ count: Int) {
        groupCount = 0
        for index in 0..<count { roles[index] = Role.none }
    }

    private mutating func closeAll() {
        openRead = InlineArray(repeating: Role.none)
        openWrite = InlineArray(repeating: Role.none)
    }

    private mutating func close(_ value: Value) {
        openRead[Int(value)] = Role.none
        openWrite[Int(value)] = Role.none
    }

    private mutating func join(_ op: Op, _ index: Int, isWrite: Bool) {
        guard op.a < 32 else { return }
        let base = Int(op.a)
        let low = op.immediate
        let high = low + Int64(MemoryWidth(rawValue: op.c).bytes)
        let candidate = isWrite || openWrite[base] != Role.none ? openWrite[base] : openRead[base]
        if candidate != Role.none, extend(Int(candidate), low, high) {
            roles[index] = candidate
            return
        }
        let group = UInt16(groupCount)
        groups[groupCount] = Group(
            base: op.a, isWrite: isWrite, leader: index, low: low, high: high, members: 1, slot: Self.noSlot)
        groupCount += 1
        roles[index] = group
        if isWrite { openWrite[base] = group } else { openRead[base] = group }
    }

    private func extend(_ group: Int, _ low: Int64, _ high: Int64) -> Bool {
        let newLow = min(groups[group].low, low)
        let newHigh = max(groups[group].high, high)
        guard newHigh - newLow <= Self.widest else { return false }
        groups[group].low = newLow
        groups[group].high = newHigh
        groups[group].members += 1
        return true
    }

    /// The first sixteen groups with more than one member get a slot.
    private func assignSlots() {
        var next = 0
        for group in 0..<groupCount where groups[group].members > 1 && next < Self.slots {
            groups[group].slot = UInt8(next)
            next += 1
        }
    }
}
