/// Pages that a region remembers (see `PageWindows`).
///
/// While a window is not empty, its base is within the bound that accesses do not look at: it was within both
/// when the window was filled, and is checked where it changes. An empty one has a bound that no value is within.
extension Emitter {
    // MARK: Where they are kept

    private func field(_ number: Int, _ offset: Int32) -> Address {
        state(layout.core(\.windows) + Int32(number) * PageWindow.stride + offset)
    }

    func windowDistance(_ number: Int) -> Address { field(number, PageWindow.distanceOffset) }

    /// The window that the access at operation `index` asks.
    func window(_ index: Int) -> Int? {
        guard let view = context.pointee.windows, view.sites[index] != PageWindows.none else { return nil }
        return Int(view.sites[index])
    }

    /// Empties one window. The bound that accesses do not look at is opened wide: there is nothing to leave.
    private mutating func emptyWindow(_ number: Int) {
        let isFloor = windows[number].bounds == .floor
        asm.store(field(number, PageWindow.ceilingOffset), immediate: isFloor ? -1 : 0)
        asm.store(field(number, PageWindow.floorOffset), immediate: isFloor ? -1 : 0)
        if let register = windows[number].bound { asm.mov(register, immediate: isFloor ? -1 : 0) }
    }

    mutating func emptyWindows() {
        for number in windows.indices { emptyWindow(number) }
    }

    /// Gets the copies in registers back behind a call, or at the entry.
    mutating func reloadWindows() {
        for (number, window) in windows.enumerated() {
            if let register = window.distance { asm.load(register, windowDistance(number)) }
            guard let register = window.bound else { continue }
            asm.load(
                register,
                field(number, window.bounds == .ceiling ? PageWindow.ceilingOffset : PageWindow.floorOffset))
        }
    }

    // MARK: Asking

    /// Whether the base of window `number` is within. Leaves the distance in `rdx`, unless it has a register.
    /// Returns the branches taken when it is not.
    mutating func askWindow(_ number: Int) -> (Fixup, Fixup?) {
        let window = windows[number]
        let base = read(window.base, .rcx)
        var first: Fixup
        var second: Fixup?
        switch window.bounds {
        case .ceiling: first = compareCeiling(number, base)
        case .floor: first = compareFloor(number, base)
        case .both:
            first = compareCeiling(number, base)
            second = compareFloor(number, base)
        }
        if window.distance == nil { asm.load(.rdx, windowDistance(number)) }
        return (first, second)
    }

    private mutating func compareCeiling(_ number: Int, _ base: Register) -> Fixup {
        if let bound = windows[number].bound, windows[number].bounds == .ceiling {
            asm.alu(.cmp, base, bound)
        } else {
            asm.alu(.cmp, base, field(number, PageWindow.ceilingOffset))
        }
        return asm.jump(.aboveOrEqual)
    }

    private mutating func compareFloor(_ number: Int, _ base: Register) -> Fixup {
        if let bound = windows[number].bound, windows[number].bounds == .floor {
            asm.alu(.cmp, base, bound)
        } else {
            asm.alu(.cmp, base, field(number, PageWindow.floorOffset))
        }
        return asm.jump(.belowOrEqual)
    }

    /// Behind an operation that may have led a base beyond the bound that accesses do not look at: empties the
    /// window if so.
    mutating func watchBases(_ op: Op, _ index: Int) {
        guard let view = context.pointee.windows else { return }
        if op.code == .interpret { return emptyWindows() }
        for number in windows.indices where view.watched[index] >> UInt32(number) & 1 != 0 {
            widen(WordFacts.bit(op.destination))
            let base = read(op.destination, .rcx)
            let isCeiling = windows[number].bounds == .ceiling
            var stub = note(
                .emptyWindow, op, isCeiling ? compareFloor(number, base) : compareCeiling(number, base))
            stub.number = Int64(number)
            stub.resume = UnsafePointer(asm.cursor)
            cold(stub)
        }
    }

    mutating func emitEmptyWindow(_ stub: ColdStub) {
        if let source = stub.sources.0 { asm.bind(source) }
        emptyWindow(Int(stub.number))
        if let place = stub.resume { asm.jump(to: place) }
    }

    // MARK: Filling

    /// Behind a look at a window that failed: looks in the TLB, remembers what it says and resumes; falls through
    /// with the address in `rax` when the TLB does not know either. Returns the place where it is known that the TLB
    /// has the page, whose entry is at hand: see `fillWindow`.
    @discardableResult
    mutating func refillWindow(_ stub: ColdStub) -> UnsafePointer<UInt8>? {
        guard let number = stub.window else { return nil }
        computeAddress(stub.base, Int64(stub.offset), into: .rax)
        let entry = tlbEntry(.rax)
        let tag = entry.at(stub.isWrite ? 8 : 0)
        asm.load(.rdx, tag)
        asm.alu(.xor, .rdx, .rax)
        asm.alu(.cmp, .rdx, immediate: 4096 - Int32(stub.span))
        let miss = asm.jump(.above)
        let found = UnsafePointer(asm.cursor)
        asm.load(.rdx, tag)
        asm.alu(.add, .rdx, immediate: Self.margin)
        asm.alu(.cmp, .rdx, immediate: 2 * Self.margin)
        let isAtEnd = asm.jump(.below)
        setBounds(number, stub)
        resumeAccess(stub, entry)
        asm.bind(isAtEnd)
        emptyWindow(number)
        resumeAccess(stub, entry)
        asm.bind(miss)
        emptyWindow(number)
        return found
    }

    /// Behind a slow path, with the address in `rax` and the distance in `rdx`: if it put the page into the TLB, the
    /// window gets it at once. Else two windows whose pages share an entry could keep each other from it for ever.
    mutating func fillWindow(_ stub: ColdStub, _ found: UnsafePointer<UInt8>?) {
        guard let found else { return }
        let entry = tlbEntry(.rax)
        asm.alu(.xor, .rax, entry.at(stub.isWrite ? 8 : 0))
        asm.alu(.cmp, .rax, immediate: 4096 - Int32(stub.span))
        asm.jump(.belowOrEqual, to: found)
    }

    private mutating func resumeAccess(_ stub: ColdStub, _ entry: Address) {
        asm.load(.rdx, entry.at(TLBEntry.distanceOffset))
        keepDistance(stub)
        if let access = stub.access { asm.jump(to: access) }
    }

    /// Pages that close to an end of the address space are not remembered: their bounds would wrap around.
    private static let margin: Int32 = 8192

    /// From the page's address plus the margin in `rdx`.
    private mutating func setBounds(_ number: Int, _ stub: ColdStub) {
        let window = windows[number]
        asm.alu(.add, .rdx, immediate: -(Self.margin + stub.offset + 1))
        asm.store(field(number, PageWindow.floorOffset), .rdx)
        if let register = window.bound, window.bounds == .floor { asm.mov(register, .rdx) }
        asm.alu(.add, .rdx, immediate: 4098 - Int32(stub.span))
        asm.store(field(number, PageWindow.ceilingOffset), .rdx)
        if let register = window.bound, window.bounds == .ceiling { asm.mov(register, .rdx) }
    }

    /// Puts the distance in `rdx` where accesses look for it. The window may be empty all the same.
    mutating func keepDistance(_ stub: ColdStub) {
        guard let number = stub.window else { return }
        asm.store(windowDistance(number), .rdx)
        if let register = windows[number].distance { asm.mov(register, .rdx) }
    }
}
