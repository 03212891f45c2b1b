/// One of the three counters of an 8254 (Intel 8254 datasheet). Time is in ticks of 1.193182 MHz; the count is told
/// from when it was started.
struct PITChannel {
    /// The six modes by their numbers; 6 and 7 are other names of 2 and 3.
    private(set) var mode = 3
    private var access: UInt8 = 3
    private var isDecimal = false
    /// 1 to 65536.
    private(set) var reload: UInt64 = 65_536
    private var start: UInt64 = 0
    /// Counting has begun: a count was loaded.
    private(set) var isCounting = false
    private(set) var gate = true
    /// What had been counted when the gate fell.
    private var held: UInt64?

    private var lowWritten: UInt8?
    private var readsHigh = false
    private var latched: UInt16?
    private var latchedStatus: UInt8?

    // MARK: Control

    mutating func control(_ value: UInt8, now: UInt64) {
        let access = value >> 4 & 3
        if access == 0 { return latchCount(now: now) }
        let mode = Int(value >> 1 & 7)
        self.mode = mode > 5 ? mode - 4 : mode
        self.access = access
        isDecimal = value & 1 != 0
        isCounting = false
        (lowWritten, readsHigh, latched, latchedStatus, held) = (nil, false, nil, nil, nil)
    }

    mutating func latchCount(now: UInt64) { if latched == nil { latched = count(now: now) } }

    mutating func latchStatus(now: UInt64) {
        guard latchedStatus == nil else { return }
        let flags: UInt8 = (output(now: now) ? 0x80 : 0) | (isCounting ? 0 : 0x40)
        latchedStatus = flags | access << 4 | UInt8(mode) << 1 | (isDecimal ? 1 : 0)
    }

    /// Gate inputs hold modes 0 and 4, and start the others anew.
    mutating func setGate(_ level: Bool, now: UInt64) {
        guard level != gate else { return }
        gate = level
        if level {
            if let held { start = now &- held }
            if mode != 0, mode != 4 { start = now }
            held = nil
        } else if mode == 0 || mode == 4 || mode == 2 || mode == 3 {
            held = elapsed(now: now)
        }
    }

    // MARK: Count

    mutating func write(_ value: UInt8, now: UInt64) {
        switch access {
        case 1: load(UInt16(value), now: now)
        case 2: load(UInt16(value) << 8, now: now)
        default:
            guard let low = lowWritten else {
                lowWritten = value
                return
            }
            lowWritten = nil
            load(UInt16(value) << 8 | UInt16(low), now: now)
        }
    }

    private mutating func load(_ value: UInt16, now: UInt64) {
        let number = isDecimal ? Self.decimal(value) : UInt64(value)
        reload = number == 0 ? (isDecimal ? 10_000 : 65_536) : number
        start = now
        held = gate || mode == 1 || mode == 5 ? nil : 0
        isCounting = true
    }

    mutating func read(now: UInt64) -> UInt8 {
        if let status = latchedStatus {
            latchedStatus = nil
            return status
        }
        let value = latched ?? count(now: now)
        switch access {
        case 1:
            latched = nil
            return UInt8(value & 0xFF)
        case 2:
            latched = nil
            return UInt8(value >> 8)
        default:
            defer { readsHigh.toggle() }
            guard readsHigh else { return UInt8(value & 0xFF) }
            latched = nil
            return UInt8(value >> 8)
        }
    }

    func elapsed(now: UInt64) -> UInt64 { held ?? (now &- start) }

    private func count(now: UInt64) -> UInt16 {
        guard isCounting else { return 0 }
        let elapsed = elapsed(now: now)
        let count: UInt64 =
            switch mode {
            case 2: reload - elapsed % reload
            case 3: reload - (2 &* elapsed % reload & ~1)
            default: reload &- elapsed
            }
        let binary = UInt16(truncatingIfNeeded: count)
        return isDecimal ? Self.coded(count % 10_000) : binary
    }

    /// The level of the output pin.
    func output(now: UInt64) -> Bool {
        guard isCounting else { return mode != 0 }
        let elapsed = elapsed(now: now)
        return switch mode {
        case 0, 1: elapsed >= reload
        case 2: !gate || elapsed % reload != reload - 1
        case 3: !gate || elapsed % reload < (reload + 1) / 2
        default: elapsed != reload
        }
    }

    /// How often the output has risen since counting began.
    func rises(now: UInt64) -> UInt64 {
        guard isCounting else { return 0 }
        let elapsed = elapsed(now: now)
        return mode == 2 || mode == 3 ? elapsed / reload : elapsed >= reload ? 1 : 0
    }

    /// The tick of the next rise; `nil` when there will be none.
    func nextRise(now: UInt64) -> UInt64? {
        guard isCounting, held == nil else { return nil }
        let elapsed = elapsed(now: now)
        if mode == 2 || mode == 3 { return now &+ reload - elapsed % reload }
        return elapsed < reload ? start &+ reload : nil
    }

    private static func decimal(_ value: UInt16) -> UInt64 {
        (0..<4).reversed().reduce(0) { $0 * 10 + UInt64(value >> UInt16(4 * $1) & 15) }
    }

    private static func coded(_ value: UInt64) -> UInt16 {
        UInt16(value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10)
    }
}
