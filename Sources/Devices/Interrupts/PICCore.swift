/// One 8259A interrupt controller (Intel 8259A datasheet): eight inputs in the order of their priority, fully nested.
/// Polling, special mask mode and rotation by command are those of the datasheet; rotation on end of interrupt, too.
struct PICChip {
    /// Requests that wait, interrupts that are being served, and inputs that are masked.
    private(set) var requests: UInt8 = 0
    private(set) var served: UInt8 = 0
    private(set) var mask: UInt8 = 0
    /// Levels of the inputs, and which of them are level-triggered (ELCR).
    private(set) var levels: UInt8 = 0
    var levelTriggered: UInt8 = 0
    private var vectorBase: UInt8 = 0
    /// The input of the lowest priority.
    private var lowest: UInt8 = 7
    /// Which initialization command word comes next; 0: none.
    private var expected = 0
    private var wantsFourth = false
    private var isSingle = false
    private var endsAutomatically = false
    private var rotatesAutomatically = false
    private var readsServed = false
    private var polls = false
    private var isSpecialMask = false
    /// The chip's inputs that lead to other chips: their requests are served while one of them is.
    var cascade: UInt8 = 0

    /// Inputs keep their levels: they belong to whoever drives them.
    mutating func reset() {
        let (levels, cascade) = (levels, cascade)
        self = PICChip()
        self.levels = levels
        self.cascade = cascade
    }

    mutating func set(_ input: Int, _ asserted: Bool) {
        let bit = UInt8(1) << UInt8(input & 7)
        let wasAsserted = levels & bit != 0
        levels = asserted ? levels | bit : levels & ~bit
        if levelTriggered & bit != 0 {
            requests = asserted ? requests | bit : requests & ~bit
        } else if asserted, !wasAsserted {
            requests |= bit
        } else if !asserted {
            requests &= ~bit
        }
    }

    /// The most urgent request that may interrupt; `nil` when there is none.
    var pending: Int? {
        let waiting = requests & ~mask
        guard waiting != 0, expected == 0 else { return nil }
        for step in 1...8 {
            let input = Int(lowest &+ UInt8(step)) & 7
            let bit = UInt8(1) << UInt8(input)
            // What is masked blocks nothing in special mask mode.
            let isServed = served & bit != 0 && !(isSpecialMask && mask & bit != 0)
            // A served input waits for its end; but a chip behind one may have something more urgent.
            if isServed, cascade & bit == 0 { return nil }
            if waiting & bit != 0 { return input }
            if isServed { return nil }
        }
        return nil
    }

    /// Serves the request of `pending`; its vector. Without one it is the spurious seventh.
    mutating func acknowledge() -> (vector: UInt8, input: Int?) {
        guard let input = pending else { return (vectorBase | 7, nil) }
        let bit = UInt8(1) << UInt8(input)
        if levelTriggered & bit == 0 { requests &= ~bit }
        if !endsAutomatically {
            served |= bit
        } else if rotatesAutomatically {
            lowest = UInt8(input)
        }
        return (vectorBase | UInt8(input), input)
    }

    // MARK: Registers

    mutating func read(at offset: UInt64) -> UInt8 {
        if polls {
            polls = false
            let (_, input) = acknowledge()
            return input.map { 0x80 | UInt8($0) } ?? 0
        }
        if offset & 1 != 0 { return mask }
        return readsServed ? served : requests
    }

    mutating func write(at offset: UInt64, _ value: UInt8) {
        if offset & 1 != 0 { return writeData(value) }
        if value & 0x10 != 0 { return initialize(value) }
        if value & 0x08 != 0 { return selectRead(value) }
        endOfInterrupt(value)
    }

    private mutating func initialize(_ value: UInt8) {
        let (levels, triggered, cascade) = (levels, levelTriggered, cascade)
        self = PICChip()
        (self.levels, levelTriggered, self.cascade) = (levels, triggered, cascade)
        requests = levels & triggered
        expected = 2
        wantsFourth = value & 1 != 0
        isSingle = value & 2 != 0
    }

    private mutating func writeData(_ value: UInt8) {
        switch expected {
        case 2:
            vectorBase = value & 0xF8
            expected = isSingle ? (wantsFourth ? 4 : 0) : 3
        case 3: expected = wantsFourth ? 4 : 0
        case 4:
            endsAutomatically = value & 2 != 0
            expected = 0
        default: mask = value
        }
    }

    /// OCW3.
    private mutating func selectRead(_ value: UInt8) {
        if value & 4 != 0 { polls = true }
        if value & 2 != 0 { readsServed = value & 1 != 0 }
        if value & 0x40 != 0 { isSpecialMask = value & 0x20 != 0 }
    }

    /// OCW2: the upper three bits are the command, the lower an input.
    private mutating func endOfInterrupt(_ value: UInt8) {
        let input = value & 7
        switch value >> 5 {
        case 0, 4: rotatesAutomatically = value >> 5 == 4
        case 1, 5:
            guard let current = mostUrgentServed else { return }
            served &= ~(1 << current)
            if value >> 5 == 5 { lowest = current }
        case 3, 7:
            served &= ~(1 << input)
            if value >> 5 == 7 { lowest = input }
        case 6: lowest = input
        default: break
        }
    }

    private var mostUrgentServed: UInt8? {
        (1...8).lazy.map { (self.lowest &+ UInt8($0)) & 7 }.first { self.served >> $0 & 1 != 0 }
    }
}

/// The two chips of a PC/AT, the second one behind input 2 of the first.
struct PICCore {
    var first = PICChip()
    var second = PICChip()

    init() { first.cascade = 1 << 2 }

    mutating func reset() {
        first.reset()
        second.reset()
        settle()
    }

    /// Input 0 to 15; 2 is the second chip's.
    mutating func set(_ input: Int, _ asserted: Bool) {
        if input >= 8 { second.set(input - 8, asserted) } else if input != 2 { first.set(input, asserted) }
        settle()
    }

    /// Passes the second chip's request on to the first.
    mutating func settle() { first.set(2, second.pending != nil) }

    var isAsserted: Bool { first.pending != nil }

    mutating func acknowledge() -> UInt8 {
        defer { settle() }
        let (vector, input) = first.acknowledge()
        guard input == 2 else { return vector }
        let inner = second.acknowledge().vector
        // The request falls as the second chip is served, so that its next one is an edge again.
        first.set(2, false)
        return inner
    }
}
