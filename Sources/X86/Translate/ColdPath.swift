import Translator

/// Code of a unit that runs seldom, written behind the rest.
struct ColdPath {
    enum Kind {
        /// An access whose page has no tag: the runtime finds the host's address, or does the whole instruction.
        case access
        /// The same for a window: where the runtime finds no address, a unit without windows goes on.
        case window
        /// A jump within the page that has not led to its unit yet. EFLAGS hold the flags.
        case link
        /// The same with the flags in the flag word.
        case linkSaved
        /// The same, to a unit without windows.
        case linkPlain
        /// The core is wanted: leaves at the instruction.
        case leave
        /// The target is not in the jump table: the interpreter jumps.
        case interpret
        /// RIP is in `r13`.
        case leaveAtAddress
        /// The interpreter executes the instruction, and the unit goes on.
        case interpretHere
        /// A conditional jump to another page.
        case otherPage
    }

    let kind: Kind
    /// The flags where the path begins.
    let flags: FlagState
    /// The displacement of the branch that leads here, and perhaps of another one.
    var field: UnsafeMutablePointer<UInt8>?
    var other: UnsafeMutablePointer<UInt8>?
    /// More of them.
    var fields: [UnsafeMutablePointer<UInt8>] = []
    /// Where the path comes back to.
    var back: UnsafeMutablePointer<UInt8>?
    /// Displacement of the tag that did not match.
    var tag: Int32 = 0
    var info: UInt32 = 0
    /// Offset from the page's base of where to go on.
    var target: Int32 = 0

    init(_ kind: Kind, _ flags: FlagState) {
        self.kind = kind
        self.flags = flags
    }
}

extension UnitEmitter {
    mutating func emitColdPaths() {
        var next = 0
        // A path may add others.
        while next < cold.count {
            emit(cold[next])
            next += 1
        }
    }

    private mutating func emit(_ path: ColdPath) {
        if let field = path.field { bind(field) }
        if let other = path.other { bind(other) }
        for field in path.fields { bind(field) }
        flags = path.flags
        switch path.kind {
        case .access: emitAccess(path)
        case .window: emitWindow(path)
        case .link, .linkSaved, .linkPlain: emitLink(path)
        case .leave:
            saveCold(path)
            setRIP(path.target)
            leave(.resume)
        case .interpret:
            asm.mov(HostRegisters.scratch, immediate: Int64(path.info))
            asm.jump(to: thunks[mode].interpretAndLeave)
        case .leaveAtAddress:
            asm.store(3, .state(CoreLayout.rip), HostRegisters.address)
            leave(.resume)
        case .interpretHere:
            saveCold(path)
            asm.mov(HostRegisters.scratch, immediate: Int64(path.info))
            asm.call(thunks[mode].interpret)
            if let back = path.back { asm.jump(to: UnsafePointer(back)) }
        case .otherPage:
            emitSave()
            flags = FlagState()
            if path.target < 0 { poll(next: Int32(path.info & 0xFFF)) }
            jumpToPage(path.target, .interpret, path.info)
        }
    }

    /// Puts the flags into the flag word without touching `r13`.
    private mutating func saveCold(_ path: ColdPath) {
        guard !path.flags.isSaved else { return }
        if path.flags.recipe.kind != .none { emitRecipe(path.flags.recipe) }
        emitSave()
    }

    private mutating func emitAccess(_ path: ColdPath) {
        asm.alu(.xor, HostRegisters.address, Address(.rbp, HostRegisters.scratch, path.tag))
        saveCold(path)
        asm.mov(HostRegisters.scratch, immediate: Int64(path.info))
        asm.call(thunks[mode].fill)
        if let back = path.back { asm.jump(to: UnsafePointer(back)) }
    }

    private mutating func emitWindow(_ path: ColdPath) {
        asm.alu(.xor, HostRegisters.address, Address(.rbp, HostRegisters.scratch, path.tag))
        saveCold(path)
        asm.mov(HostRegisters.scratch, immediate: Int64(path.info))
        asm.call(thunks[mode].probe)
        asm.test(HostRegisters.address, HostRegisters.address)
        if let back = path.back { asm.jump(.notEqual, to: UnsafePointer(back)) }
        var plain = ColdPath(.linkPlain, FlagState())
        plain.field = jumpLater()
        plain.target = Int32(path.info & 0xFFF)
        cold.append(plain)
    }

    private mutating func emitLink(_ path: ColdPath) {
        if path.kind == .link { emitSave() }
        setRIP(path.target)
        guard let field = path.field else { return }
        let offset = UInt64(field - writable)
        asm.mov(
            HostRegisters.scratch,
            immediate: Int64(offset) | (path.kind == .link ? 0 : LeaveReason.savedBit)
                | (path.kind == .linkPlain ? LeaveReason.plainBit : 0))
        asm.jump(to: thunks[mode].leave)
    }

    mutating func setRIP(_ target: Int32) {
        asm.load(3, HostRegisters.scratch, .state(CoreLayout.pageBase))
        asm.lea(HostRegisters.scratch, Address(HostRegisters.scratch, target))
        asm.store(3, .state(CoreLayout.rip), HostRegisters.scratch)
    }

    mutating func leave(_ reason: LeaveReason) {
        asm.mov(HostRegisters.scratch, immediate: reason.rawValue)
        asm.jump(to: thunks[mode].leave)
    }
}

/// Why emitted code came back; anything else is the place of a displacement that wants to lead to the unit at RIP.
enum LeaveReason: Int64 {
    case resume = 0

    /// The displacement's unit is to be entered with saved flags.
    static let savedBit: Int64 = 1 << 32
    /// And it is to be one without windows.
    static let plainBit: Int64 = 1 << 33
}
