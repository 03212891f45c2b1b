/// Chooses what a region remembers of the pages that it reaches.
///
/// A window is one page as the accesses through one base register at one offset see it: the values of the base
/// for which they stay inside. While a base only grows, as pointers in loops do, only the upper bound need be
/// looked at, by one comparison at the access.
struct PageWindows: ~Copyable {
    /// Which bounds an access compares with; the other is looked at where the base changes otherwise.
    enum Bounds {
        case ceiling, floor, both
    }

    struct Window {
        var base: Value
        var isWrite: Bool
        /// Of the first byte from the base, and the number of bytes.
        var offset: Int64
        var span: Int64
        var weight: UInt32 = 0
        var bounds = Bounds.both
        /// Host registers that hold a copy of the distance, and of the bound that is compared with.
        var distance: Register?
        var bound: Register?

        /// Whether `op` moves the base by a constant.
        func isStep(_ op: Op) -> Bool {
            op.code == .add && op.destination == base && op.a == base && op.b == .immediate && op.c == 0
        }

        /// Whether that leads away from the bound that accesses do not look at.
        func isSafe(_ op: Op) -> Bool {
            isStep(op) && (bounds == .ceiling ? op.immediate > 0 : op.immediate < 0)
        }

        /// Whether it is about the same bytes, if it is about the same value of the base.
        func sees(_ other: Window) -> Bool {
            base == other.base && isWrite == other.isWrite && offset == other.offset && span == other.span
        }
    }

    static let most = 24
    static let none: UInt8 = .max
    /// Before they are merged.
    private static let mostFound = 64

    /// By operation: the window that its check asks, or `none`.
    let sites: UnsafeMutablePointer<UInt8>
    /// By operation: the windows, as bits, whose other bound has to be looked at behind it.
    let watched: UnsafeMutablePointer<UInt32>
    private(set) var windows: [Window] = []
    /// For each base register and each block, the operations that set the register or check an access through it.
    private var touches: [[[Int]]] = []

    init() {
        sites = .allocate(capacity: UnitBuilder.capacity)
        watched = .allocate(capacity: UnitBuilder.capacity)
    }

    deinit {
        sites.deallocate()
        watched.deallocate()
    }

    mutating func run(
        _ ops: UnsafePointer<Op>, _ count: Int, _ hoisting: borrowing Hoisting, _ flow: RegionFlow
    ) {
        windows.removeAll(keepingCapacity: true)
        sites.update(repeating: Self.none, count: count)
        watched.update(repeating: 0, count: count)
        for block in flow.blocks { find(block, ops, count, hoisting) }
        guard !windows.isEmpty else { return }
        collectTouches(ops, flow)
        merge(ops, count, flow)
        for number in windows.indices { chooseBounds(number, ops, flow) }
    }

    private mutating func collectTouches(_ ops: UnsafePointer<Op>, _ flow: RegionFlow) {
        let bases = windows.reduce(UInt32(0)) { $0 | WordFacts.bit($1.base) }
        touches = [[[Int]]](repeating: [[Int]](repeating: [], count: flow.blocks.count), count: 32)
        for (place, block) in flow.blocks.enumerated() {
            for index in block.start..<block.end {
                let set = WordFacts.bit(ops[index].destination) & bases
                if set != 0 { touches[Int(ops[index].destination)][place].append(index) }
                guard sites[index] != Self.none, ops[index].a != ops[index].destination else { continue }
                touches[Int(ops[index].a)][place].append(index)
            }
        }
    }

    // MARK: Finding

    /// Each block has windows of its own at first: a register may be one pointer here and another there.
    private mutating func find(
        _ block: RegionFlow.Block, _ ops: UnsafePointer<Op>, _ count: Int, _ hoisting: borrowing Hoisting
    ) {
        let first = windows.count
        for index in block.start..<block.end {
            guard ops[index].a < 32, let extent = hoisting.extent(ops, index), Self.stays(ops, count, index)
            else { continue }
            var window = Window(
                base: ops[index].a, isWrite: extent.isWrite, offset: extent.low,
                span: extent.high - extent.low)
            let found = windows[first...].firstIndex { $0.sees(window) }
            guard found != nil || windows.count < Self.mostFound else { return }
            window.weight = block.weight
            if found == nil { windows.append(window) } else { windows[found ?? 0].weight &+= block.weight }
            sites[index] = UInt8(found ?? windows.count - 1)
        }
    }

    /// Whether accesses through the base of operation `index` tend to stay in one page for a while: they do
    /// unless the base was itself loaded from memory, which is following pointers.
    private static func stays(_ ops: UnsafePointer<Op>, _ count: Int, _ index: Int) -> Bool {
        let base = ops[index].a
        var earlier = index - 1
        while earlier >= 0, ops[earlier].code != .label {
            if ops[earlier].destination == base { return ops[earlier].code != .load }
            earlier -= 1
        }
        var isLoaded = false
        for other in 0..<count where ops[other].destination == base {
            if ops[other].code != .load { return true }
            isLoaded = true
        }
        return !isLoaded
    }

    /// Makes one of windows that see the same of the same value of their base, or of values in one chain of steps,
    /// or of values a constant away from another register.
    private mutating func merge(_ ops: UnsafePointer<Op>, _ count: Int, _ flow: RegionFlow) {
        let live = windows.indices.map { asked($0, ops, flow) }
        let roots = windows.indices.map { rootsOf($0, ops, flow) }
        var names = Array(windows.indices)
        for number in windows.indices {
            for other in 0..<number where names[other] == other && windows[other].sees(windows[number]) {
                let isOne = zip(live[number], live[other]).contains { $0 && $1 }
                guard isOne || roots[number] & roots[other] != 0 else { continue }
                names[number] = other
                windows[other].weight &+= windows[number].weight
                break
            }
        }
        let kept = windows.indices.filter { names[$0] == $0 }
            .sorted { windows[$0].weight > windows[$1].weight }.prefix(Self.most)
        for index in 0..<count where sites[index] != Self.none {
            let number = kept.firstIndex(of: names[Int(sites[index])])
            sites[index] = number.map { UInt8($0) } ?? Self.none
        }
        windows = kept.map { windows[$0] }
    }

    /// The registers, as bits, to which constants are added for the base of a window.
    private func rootsOf(_ number: Int, _ ops: UnsafePointer<Op>, _ flow: RegionFlow) -> UInt32 {
        writes(number, ops, flow).places.reduce(0) { mask, index in
            let op = ops[index]
            let isOffset = op.code == .add && op.c == 0 && (op.b == .immediate || op.b == .zero)
            return isOffset && op.a != op.destination ? mask | WordFacts.bit(op.a) : mask
        }
    }

    // MARK: Bounds

    private mutating func chooseBounds(_ number: Int, _ ops: UnsafePointer<Op>, _ flow: RegionFlow) {
        windows[number].bounds = .floor
        let down = writes(number, ops, flow)
        windows[number].bounds = .ceiling
        let up = writes(number, ops, flow)
        let chosen = up.cost <= down.cost ? up : down
        guard chosen.cost < windows[number].weight else {
            windows[number].bounds = .both
            return
        }
        windows[number].bounds = up.cost <= down.cost ? .ceiling : .floor
        for index in chosen.places { watched[index] |= 1 << UInt32(number) }
    }

    /// The operations behind which the bound that accesses do not look at must be checked, and what that costs.
    private func writes(
        _ number: Int, _ ops: UnsafePointer<Op>, _ flow: RegionFlow
    ) -> (places: [Int], cost: UInt32) {
        let live = asked(number, ops, flow)
        let window = windows[number]
        var places: [Int] = []
        var cost: UInt32 = 0
        for (place, block) in flow.blocks.enumerated() where !touches[Int(window.base)][place].isEmpty {
            let touched = touches[Int(window.base)][place]
            let isAsked = touched.contains { sites[$0] == number }
            var wanted = block.successors.contains { live[$0] }
            for index in touched.reversed() {
                if sites[index] == number { wanted = true }
                guard ops[index].destination == window.base else { continue }
                // There cannot be enough steps between two accesses of one block to wrap around.
                let isStep = window.isSafe(ops[index]) && isAsked
                if wanted, !isStep {
                    places.append(index)
                    cost &+= ops[index].makesAddresses ? block.weight : block.weight << 4
                }
                if !window.isStep(ops[index]) { wanted = sites[index] == number }
            }
        }
        return (places, cost)
    }

    /// For each block, whether an access may ask the window with the value that its base has there, give or take
    /// steps.
    private func asked(_ number: Int, _ ops: UnsafePointer<Op>, _ flow: RegionFlow) -> [Bool] {
        let own = touches[Int(windows[number].base)].map { asks(number, ops, $0) }
        var live = own.map { $0 == true }
        var changed = true
        while changed {
            changed = false
            for place in flow.blocks.indices.reversed() where !live[place] && own[place] == nil {
                live[place] = flow.blocks[place].successors.contains { live[$0] }
                changed = changed || live[place]
            }
        }
        return live
    }

    /// Whether a block asks the window before it sets the base; `nil` if it does neither.
    private func asks(_ number: Int, _ ops: UnsafePointer<Op>, _ touched: [Int]) -> Bool? {
        for index in touched {
            if sites[index] == number { return true }
            if ops[index].destination == windows[number].base, !windows[number].isStep(ops[index]) {
                return false
            }
        }
        return nil
    }

    // MARK: Registers

    /// Windows that may have host registers.
    private static let mostServed = 3

    /// The windows that are asked most.
    private var served: ArraySlice<Int> {
        windows.indices.sorted { windows[$0].weight > windows[$1].weight }.prefix(Self.mostServed)
    }

    /// What host registers would save, most of it first: each distance a load, each bound the memory operand of a
    /// comparison, which counts half.
    var demands: [UInt32] {
        let bounds = served.filter { windows[$0].bounds != .both }
        return served.map { windows[$0].weight } + bounds.map { windows[$0].weight / 2 }
    }

    /// Gives host registers to windows, in the order of `demands`.
    mutating func assign(_ registers: [Register]) {
        var left = registers[...]
        for number in served { windows[number].distance = left.popFirst() }
        for number in served where windows[number].bounds != .both { windows[number].bound = left.popFirst() }
    }
}

extension Op {
    /// What programs compute addresses with.
    var makesAddresses: Bool { code == .add || code == .sub || code == .shiftAdd || code == .pageRelative }
}

extension Hoisting {
    /// What one check covers: offsets from the base register.
    struct Extent {
        var low: Int64
        var high: Int64
        var isWrite: Bool
    }

    /// What the check at operation `index` covers; `nil` when there is none: it is no access, or another one
    /// has checked for it.
    func extent(_ ops: UnsafePointer<Op>, _ index: Int) -> Extent? {
        let op = ops[index]
        let isWrite = op.code == .store || op.code == .floatStore
        guard isWrite || op.code == .load || op.code == .floatLoad else { return nil }
        guard roles[index] != Role.none, groups[Int(roles[index])].slot != Self.noSlot else {
            let bytes = Int64(MemoryWidth(rawValue: op.c).bytes)
            return Extent(low: op.immediate, high: op.immediate + bytes, isWrite: isWrite)
        }
        let group = groups[Int(roles[index])]
        return group.leader == index ? Extent(low: group.low, high: group.high, isWrite: group.isWrite) : nil
    }
}
