import Translator

// Where the guest's flags are.
extension UnitEmitter {
    /// Whether somebody may see the flags that there are before the instruction at `start`.
    func visible(from start: Int) -> Bool {
        for position in start..<max(count, start) {
            let traits = traits[position]
            if !traits.isDisjoint(with: [.clobbers, .reads, .exits, .polls]) { return true }
            if traits.contains(.defines) { return false }
        }
        return true
    }

    /// Whether EFLAGS are destroyed while the flags behind the instruction being emitted are still to be seen.
    var isClobberedLater: Bool {
        for position in index + 1..<max(count, index + 1) {
            let traits = traits[position]
            if !traits.isDisjoint(with: [.clobbers, .polls]) { return true }
            if traits.contains(.defines) { return false }
        }
        return false
    }

    /// Writes EFLAGS to the flag word; destroys `r14`.
    mutating func emitSave() {
        asm.mov(HostRegisters.scratch, .rax)
        asm.byte(0x9F)
        asm.set(.overflow, .rax)
        asm.store(1, .state(CoreLayout.flagWord), .rax)
        asm.mov(.rax, HostRegisters.scratch)
    }

    /// Makes EFLAGS of the flag word; destroys `r14`.
    private mutating func emitRestore() {
        asm.mov(HostRegisters.scratch, .rax)
        asm.load(2, .rax, .state(CoreLayout.flagWord))
        asm.byte(0x04)
        asm.byte(0x7F)
        asm.byte(0x9E)
        asm.mov(.rax, HostRegisters.scratch)
    }

    /// To be called before code that destroys EFLAGS. Destroys `r14`.
    mutating func aboutToClobber() {
        if flags.isLive, !flags.isSaved, flags.recipe.kind == .none {
            emitSave()
            flags.isSaved = true
        }
        flags.isLive = false
    }

    /// Puts the flags into EFLAGS; destroys `r14`.
    mutating func requireLive() {
        guard !flags.isLive else { return }
        if flags.recipe.kind != .none { emitRecipe(flags.recipe) } else { emitRestore() }
        flags.isLive = true
    }

    /// Puts the flags into the flag word; destroys `r14`.
    mutating func materialise() {
        guard !flags.isSaved else { return }
        if !flags.isLive, flags.recipe.kind != .none { emitRecipe(flags.recipe) }
        emitSave()
        flags.isSaved = true
    }

    /// All flags have just been set in EFLAGS.
    mutating func defined(_ recipe: FlagRecipe = .none) {
        flags = FlagState(isLive: true, isSaved: false, recipe: recipe)
    }

    /// A register of the guest is about to get another value: an operand of the recipe that lies in it is kept
    /// elsewhere, if it may still be needed. Leaves EFLAGS alone.
    ///
    /// - Parameter mayShow: whether the instruction being emitted may itself show the flags afterwards, by a fault.
    mutating func willWrite(_ number: UInt8, mayShow: Bool = false) {
        guard flags.recipe.kind != .none, flags.recipe.a == number || flags.recipe.b == number else { return }
        let isNeeded = flags.isLive ? isClobberedLater : mayShow || visible(from: index + 1)
        if flags.isSaved || !isNeeded {
            flags.recipe = .none
            return
        }
        if flags.recipe.a == number {
            keep(number, CoreLayout.first)
            flags.recipe.a = FlagRecipe.Source.first
        }
        if flags.recipe.b == number {
            keep(number, CoreLayout.second)
            flags.recipe.b = FlagRecipe.Source.second
        }
    }

    mutating func keep(_ number: UInt8, _ displacement: Int32) {
        let source = Place.guest(number)
        if source.isMemory {
            asm.instruction(2, 0xFF, 6, source)
            asm.instruction(2, 0x8F, 0, .state(displacement))
        } else {
            asm.store(3, .state(displacement), Register(source.base))
        }
    }

    // MARK: Recipes

    /// Computes flags again; destroys `r14` only.
    mutating func emitRecipe(_ recipe: FlagRecipe) {
        let a = FlagRecipe.place(recipe.a)
        let scratch = Place.register(HostRegisters.scratch)
        switch recipe.kind {
        case .none: break
        case .compare: emitComparison(recipe, a)
        case .test: emitTest(recipe, a)
        case .logic:
            if a.isMemory {
                asm.load(3, HostRegisters.scratch, a)
                emitALU(nil, recipe.size, scratch, scratch)
            } else {
                emitALU(nil, recipe.size, a, a)
            }
        case .add, .subtract:
            asm.load(3, HostRegisters.scratch, a)
            let isSum = recipe.kind == .add
            emitOperand(isSum ? .sub : .add, recipe)
            emitOperand(isSum ? .add : .sub, recipe)
        case .negate:
            asm.load(3, HostRegisters.scratch, a)
            for _ in 0..<2 {
                asm.instruction(recipe.size, recipe.size == 0 ? 0xF6 : 0xF7, 3, scratch, bytes: true)
            }
        case .shiftLeft, .shiftRight, .shiftArithmetic:
            asm.load(3, HostRegisters.scratch, a)
            let digit: UInt8 = recipe.kind == .shiftLeft ? 4 : recipe.kind == .shiftRight ? 5 : 7
            asm.instruction(recipe.size, recipe.size == 0 ? 0xC0 : 0xC1, digit, scratch, bytes: true)
            asm.byte(UInt8(truncatingIfNeeded: recipe.immediate))
        }
    }

    /// `op r14, b`.
    private mutating func emitOperand(_ op: ALU, _ recipe: FlagRecipe) {
        let scratch = Place.register(HostRegisters.scratch)
        if recipe.b == FlagRecipe.Source.immediate {
            emitALU(op, recipe.size, scratch, immediate: Int64(recipe.immediate))
        } else {
            emitALU(op, recipe.size, scratch, FlagRecipe.place(recipe.b))
        }
    }

    private mutating func emitComparison(_ recipe: FlagRecipe, _ a: Place) {
        guard recipe.b != FlagRecipe.Source.immediate else {
            return emitALU(.cmp, recipe.size, a, immediate: Int64(recipe.immediate))
        }
        let b = FlagRecipe.place(recipe.b)
        guard a.isMemory, b.isMemory else { return emitALU(.cmp, recipe.size, a, b) }
        asm.load(3, HostRegisters.scratch, a)
        emitALU(.cmp, recipe.size, .register(HostRegisters.scratch), b)
    }

    private mutating func emitTest(_ recipe: FlagRecipe, _ a: Place) {
        guard recipe.b != FlagRecipe.Source.immediate else {
            return emitALU(nil, recipe.size, a, immediate: Int64(recipe.immediate))
        }
        let b = FlagRecipe.place(recipe.b)
        guard a.isMemory, b.isMemory else { return emitALU(nil, recipe.size, a, b) }
        asm.load(3, HostRegisters.scratch, a)
        emitALU(nil, recipe.size, .register(HostRegisters.scratch), b)
    }
}
