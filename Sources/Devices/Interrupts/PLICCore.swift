/// The registers of a platform-level interrupt controller (RISC-V PLIC Specification 1.0.0), as SiFive
/// made it and QEMU's `virt` board lays it out. Sources 1–95; contexts are numbered by the board.
package struct PLICCore {
    /// Sources, counting number 0, which means "none" and never interrupts.
    package static let sourceCount = 96
    private static let words = sourceCount / 32
    /// Priorities 0 (never) to 7.
    private static let priorityMask: UInt32 = 7

    /// What an offset means.
    enum Register: Equatable {
        case priority(source: Int)
        case pending(word: Int)
        case enable(context: Int, word: Int)
        case threshold(context: Int)
        case claim(context: Int)

        init?(_ offset: UInt64, contexts: Int) {
            guard offset < 0x60_0000, offset & 3 == 0 else { return nil }
            let offset = Int(offset)
            switch offset {
            case ..<0x1000:
                guard offset / 4 < sourceCount else { return nil }
                self = .priority(source: offset / 4)
            case ..<0x2000:
                guard (offset - 0x1000) / 4 < words else { return nil }
                self = .pending(word: (offset - 0x1000) / 4)
            case ..<0x20_0000:
                let (context, byte) = (offset - 0x2000).quotientAndRemainder(dividingBy: 0x80)
                guard context < contexts, byte / 4 < words else { return nil }
                self = .enable(context: context, word: byte / 4)
            default:
                let (context, byte) = (offset - 0x20_0000).quotientAndRemainder(dividingBy: 0x1000)
                guard context < contexts, byte <= 4 else { return nil }
                self = byte == 0 ? .threshold(context: context) : .claim(context: context)
            }
        }
    }

    private let contexts: Int
    private var priority: [UInt32]
    private var threshold: [UInt32]
    /// One bit a source, `words` a context.
    private var enable: [UInt32]
    private var pending: [UInt32]
    /// Level of each wire.
    private var level: [UInt32]
    /// Claimed and not yet completed: the gateway holds further requests back.
    private var inService: [UInt32]

    /// One bit a context: whether its wire to the hart is asserted.
    package private(set) var outputs: UInt64 = 0

    /// `contexts` of at most 64.
    package init(contexts: Int) {
        self.contexts = min(contexts, 64)
        priority = Array(repeating: 0, count: Self.sourceCount)
        threshold = Array(repeating: 0, count: self.contexts)
        enable = Array(repeating: 0, count: self.contexts * Self.words)
        pending = Array(repeating: 0, count: Self.words)
        level = Array(repeating: 0, count: Self.words)
        inService = Array(repeating: 0, count: Self.words)
    }

    /// Back to power-on, but for the wires: their levels belong to the devices, which are being reset
    /// too and shall leave no request behind.
    package mutating func reset() {
        let levels = level
        self = PLICCore(contexts: contexts)
        level = levels
    }

    /// The wire of `source` changes. A request once accepted stays, even if the wire falls again
    /// (PLIC specification, section 5).
    package mutating func setLevel(_ source: Int, _ asserted: Bool) {
        guard source > 0, source < Self.sourceCount else { return }
        let (word, bit) = (source / 32, UInt32(1) << UInt32(source % 32))
        if asserted {
            level[word] |= bit
            pending[word] |= bit & ~inService[word]
        } else {
            level[word] &= ~bit
        }
        refresh()
    }

    package mutating func read(at offset: UInt64) -> UInt32 {
        switch Register(offset, contexts: contexts) {
        case .priority(let source): priority[source]
        case .pending(let word): pending[word]
        case .enable(let context, let word): enable[context * Self.words + word]
        case .threshold(let context): threshold[context]
        case .claim(let context): claim(context)
        case nil: 0
        }
    }

    package mutating func write(at offset: UInt64, _ value: UInt32) {
        switch Register(offset, contexts: contexts) {
        case .priority(let source): priority[source] = source == 0 ? 0 : value & Self.priorityMask
        case .enable(let context, let word):
            enable[context * Self.words + word] = word == 0 ? value & ~1 : value
        case .threshold(let context): threshold[context] = value & Self.priorityMask
        case .claim(let context): complete(context, value)
        case .pending, nil: return
        }
        refresh()
    }

    /// Hands out the pending source of highest priority, the lowest number among equals, whatever the
    /// threshold (section 9). Zero when there is none.
    private mutating func claim(_ context: Int) -> UInt32 {
        guard let (source, _) = best(context, above: 0) else { return 0 }
        let (word, bit) = (source / 32, UInt32(1) << UInt32(source % 32))
        pending[word] &= ~bit
        inService[word] |= bit
        refresh()
        return UInt32(source)
    }

    /// Opens the gateway again; a wire still asserted makes a new request. Ignored for a source that
    /// this context has not enabled (section 10).
    private mutating func complete(_ context: Int, _ source: UInt32) {
        guard source > 0, source < UInt32(Self.sourceCount) else { return }
        let (word, bit) = (Int(source) / 32, UInt32(1) << (source % 32))
        guard enable[context * Self.words + word] & bit != 0, inService[word] & bit != 0 else { return }
        inService[word] &= ~bit
        pending[word] |= level[word] & bit
    }

    /// The source that `context` should serve first, if any has a priority above `floor`.
    private func best(_ context: Int, above floor: UInt32) -> (source: Int, priority: UInt32)? {
        var best: (source: Int, priority: UInt32)?
        for word in 0..<Self.words {
            var candidates = pending[word] & enable[context * Self.words + word]
            while candidates != 0 {
                let source = word * 32 + candidates.trailingZeroBitCount
                candidates &= candidates - 1
                if priority[source] > (best?.priority ?? floor) { best = (source, priority[source]) }
            }
        }
        return best
    }

    private mutating func refresh() {
        var asserted: UInt64 = 0
        for context in 0..<contexts where best(context, above: threshold[context]) != nil {
            asserted |= 1 << UInt64(context)
        }
        outputs = asserted
    }
}
