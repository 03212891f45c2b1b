/// A stretch of memory at one register that several instructions of a unit access: one check of the TLB serves
/// all of them, and leaves the host's address in `r13`.
struct Window {
    /// The guest's register, at the instruction that opens the window.
    var base: UInt8 = 0
    /// From that register's value to the first byte.
    var start: Int32 = 0
    /// 0 for no window.
    var bytes: Int32 = 0
    var isWritten = false
    /// The first byte must lie at a multiple of 16.
    var isAligned = false
}

/// What an instruction has to do with windows.
struct WindowUse {
    /// From the window's first byte to its operand; negative for an operand that is in no window.
    var place: Int32 = -1
    /// The window that it opens.
    var opens = Window()
}

/// Finds windows: runs of instructions with operands at one register, between which `r13` is left alone.
struct WindowSearch {
    /// The more bytes, the more often they lie on two pages.
    private static let widest: Int32 = 256
    private static let longest = 32

    let instructions: UnsafeMutablePointer<Instruction>
    let traits: UnsafeMutablePointer<FlagTraits>
    let uses: UnsafeMutablePointer<WindowUse>
    let count: Int
    let mode: UnitMode

    func run() {
        for position in 0..<count { uses[position] = WindowUse() }
        if mode.isPlain { return }
        var position = 0
        while position < count { position = max(open(at: position), position + 1) }
    }

    /// A window as it grows.
    private struct Growth {
        let base: UInt8
        var low: Int32
        var high: Int32
        var isWritten: Bool
        /// Places that are to be multiples of 16 from the first byte, modulo 16.
        var anchor: Int32?
        /// What the register has been changed by.
        var moved: Int32 = 0

        init(_ access: WindowAccess) {
            base = access.base
            low = access.start
            high = access.start + access.bytes
            isWritten = access.isWrite
            anchor = access.isAligned ? access.start & 15 : nil
        }

        /// Takes an access in; false if it does not fit.
        mutating func add(_ access: WindowAccess, afterBranch: Bool) -> Bool {
            let start = access.start &+ moved
            // What may not be executed must not mark pages as written to.
            guard access.base == base, isWritten || !access.isWrite || !afterBranch else { return false }
            if access.isAligned, let anchor, start & 15 != anchor { return false }
            let (low, high) = (min(low, start), max(high, start + access.bytes))
            guard high - low + 15 <= WindowSearch.widest else { return false }
            if access.isAligned { anchor = start & 15 }
            isWritten = isWritten || access.isWrite
            (self.low, self.high) = (low, high)
            return true
        }

        var window: Window {
            let start = anchor.map { low - (low - $0) & 15 } ?? low
            // `start` is at most 15 below `low`, and as far from the anchor as a multiple of 16.
            return Window(
                base: base, start: start, bytes: high - start, isWritten: isWritten, isAligned: anchor != nil)
        }
    }

    /// Where to go on searching.
    private func open(at first: Int) -> Int {
        guard let access = WindowAccess(instructions + first, mode) else { return first }
        var growth = Growth(access)
        var members = [(position: first, start: access.start)]
        var afterBranch = false
        var position = first
        while position < min(count, first + Self.longest) {
            let i = UnsafePointer(instructions + position)
            if position > first {
                if let access = WindowAccess(i, mode) {
                    let start = access.start &+ growth.moved
                    guard growth.add(access, afterBranch: afterBranch) else { break }
                    members.append((position, start))
                } else if !WindowAccess.leavesAddressAlone(i, mode) {
                    break
                }
            }
            if i.pointee.op == .jcc { afterBranch = true }
            if traits[position].contains(.exits), i.pointee.op != .jcc { break }
            guard let change = WindowAccess.change(of: growth.base, by: i), abs(growth.moved &+ change) < 4096
            else { break }
            growth.moved &+= change
            position += 1
        }
        guard members.count > 1, let last = members.last else { return first }
        let window = growth.window
        uses[first].opens = window
        for member in members {
            uses[member.position].place = member.start - window.start
            if member.position > first { traits[member.position].remove(.clobbers) }
        }
        return last.position + 1
    }
}
