/// Which slots of a table were noted since they were last gone through, each once.
struct SlotLog: ~Copyable {
    private let slots: UnsafeMutablePointer<UInt16>
    private let isNoted: UnsafeMutablePointer<Bool>
    private var count = 0

    /// For a table of at most 65536 slots.
    init(_ capacity: Int) {
        slots = .allocate(capacity: capacity)
        isNoted = .allocate(capacity: capacity)
        isNoted.initialize(repeating: false, count: capacity)
    }

    deinit {
        slots.deallocate()
        isNoted.deallocate()
    }

    func contains(_ slot: Int) -> Bool { isNoted[slot] }

    mutating func note(_ slot: Int) {
        guard !isNoted[slot] else { return }
        isNoted[slot] = true
        slots[count] = UInt16(truncatingIfNeeded: slot)
        count += 1
    }

    /// Goes through all that were noted and forgets them.
    mutating func forEach(_ body: (Int) -> Void) {
        for position in 0..<count {
            isNoted[Int(slots[position])] = false
            body(Int(slots[position]))
        }
        count = 0
    }
}
