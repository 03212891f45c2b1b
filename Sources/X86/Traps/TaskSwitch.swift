/// How a task comes to run.
enum TaskEntry {
    case jump, call, interrupt
    /// IRET of a nested task.
    case `return`

    /// The task will return to the one that it was entered from.
    var nests: Bool { self == .call || self == .interrupt }
}

// Hardware task switches (SDM vol. 3, section 7.3), between task state segments of 16 and 32 bits.
extension Core {
    private enum Layout {
        /// Bytes of the two kinds of task state segment, less one.
        static let limit16: UInt32 = 0x2B
        static let limit32: UInt32 = 0x67
        /// Selectors in the order in which they are stored: ES, CS, SS, DS, FS, GS.
        static let segments32: UInt64 = 0x48
        static let segments16: UInt64 = 0x22
    }

    /// IRET with NT set: back to the task that the current one was entered from.
    func returnFromTask() throws(Fault) {
        let link = UInt16(truncatingIfNeeded: try systemLoad(state.pointee.task.base, 1))
        try switchTask(to: link, .return)
    }

    /// Saves the current task in its segment and goes on with the one that `selector` names.
    ///
    /// - Parameter code: an error code to push onto the new task's stack.
    func switchTask(to selector: UInt16, _ entry: TaskEntry, code: UInt32? = nil) throws(Fault) {
        let next = try taskDescriptor(selector, entry)
        let is32 = next.attributes & 8 != 0
        // Everything that may fault in the old task is touched before anything is changed.
        let image = try readTask(next, is32)
        try saveTask(entry)
        if entry == .jump || entry == .return { try setBusy(state.pointee.task.selector, false) }
        if entry.nests { try systemStore(next.base, 1, UInt64(state.pointee.task.selector)) }
        if entry != .return { try setBusy(selector, true) }
        state.pointee.task = next
        state.pointee.task.attributes |= 2
        state.pointee.cr0 |= Control.taskSwitched
        try load(image, is32, nests: entry.nests)
        guard let code else { return }
        var frame = currentStack
        try push(UInt64(code), is32 ? 2 : 1, onto: &frame)
        registers[4] = frame.pointer
    }

    private func taskDescriptor(_ selector: UInt16, _ entry: TaskEntry) throws(Fault) -> Segment {
        let code = UInt32(selector & ~3)
        let wrong: Fault = entry == .return ? Fault(10, code) : .protection(code)
        guard code != 0, selector & 4 == 0 else { throw wrong }
        let segment = try descriptor(selector)
        // Available, or busy for a return.
        guard segment.attributes & 0x17 == (entry == .return ? 3 : 1) else { throw wrong }
        guard segment.attributes & 0x80 != 0 else { throw Fault(11, code) }
        let limit = segment.attributes & 8 != 0 ? Layout.limit32 : Layout.limit16
        guard segment.limit >= limit else { throw Fault(10, code) }
        return segment
    }

    private func setBusy(_ selector: UInt16, _ isBusy: Bool) throws(Fault) {
        let place = try place(of: selector) &+ 5
        try systemStore(place, 0, try systemLoad(place, 0) & ~2 | (isBusy ? 2 : 0))
    }

    private func saveTask(_ entry: TaskEntry) throws(Fault) {
        let task = state.pointee.task
        let flags = entry == .return ? state.rflags & ~Flag.nested : state.rflags
        let is32 = task.attributes & 8 != 0
        let size: UInt8 = is32 ? 2 : 1
        var place = task.base &+ (is32 ? 0x20 : 0x0E)
        let words = [registers[17], flags] + (0..<8).map { registers[$0] }
        for word in words {
            try systemStore(place, size, word)
            place &+= 1 << UInt64(size)
        }
        for slot in 0..<(is32 ? 6 : 4) {
            try systemStore(place, 1, UInt64(state.pointee.segments[slot].selector))
            place &+= 1 << UInt64(size)
        }
    }

    /// What a task state segment holds.
    private struct TaskImage {
        var cr3: UInt64 = 0
        /// The instruction pointer, flags, and the eight registers.
        var words: [UInt64] = []
        var selectors: [UInt16] = []
        var localTable: UInt16 = 0
    }

    private func readTask(_ task: Segment, _ is32: Bool) throws(Fault) -> TaskImage {
        var image = TaskImage()
        let size: UInt8 = is32 ? 2 : 1
        let step = UInt64(1) << UInt64(size)
        if is32 { image.cr3 = try systemLoad(task.base &+ 0x1C, 2) }
        let words = task.base &+ (is32 ? 0x20 : 0x0E)
        for index in 0..<UInt64(10) { image.words.append(try systemLoad(words &+ index * step, size)) }
        let segments = task.base &+ (is32 ? Layout.segments32 : Layout.segments16)
        for index in 0..<UInt64(is32 ? 6 : 4) {
            image.selectors.append(UInt16(truncatingIfNeeded: try systemLoad(segments &+ index * step, 1)))
        }
        while image.selectors.count < 6 { image.selectors.append(0) }
        image.localTable = UInt16(truncatingIfNeeded: try systemLoad(task.base &+ (is32 ? 0x60 : 0x2A), 1))
        return image
    }

    /// From here on faults are those of the new task.
    private func load(_ image: TaskImage, _ is32: Bool, nests: Bool) throws(Fault) {
        if is32, state.pointee.cr0 & Control.paging != 0 { try setControl(3, image.cr3) }
        registers[17] = image.words[0]
        state.rflags = image.words[1] & 0x27_7FD7 | Flag.fixed | (nests ? Flag.nested : 0)
        for register in 0..<8 {
            let old = is32 ? 0 : registers[register] & 0xFFFF_0000
            registers[register] = image.words[2 + register] | old
        }
        for slot in 0..<6 {
            state.pointee.segments[slot] = .flat(selector: image.selectors[slot], attributes: 0)
        }
        state.pointee.ldt = Segment()
        try loadLocalTable(image.localTable)
        if state.pointee.systemFlags & Flag.virtual8086 != 0 {
            state.pointee.privilege = 3
            for slot in 0..<6 { setParagraph(UInt8(slot), image.selectors[slot]) }
            return
        }
        try loadTaskSegments(image.selectors)
    }

    private func loadLocalTable(_ selector: UInt16) throws(Fault) {
        guard selector & ~3 != 0 else { return }
        let code = UInt32(selector & ~3)
        guard selector & 4 == 0 else { throw Fault(10, code) }
        let segment = try ofTask(code) { () throws(Fault) in try systemDescriptor(selector) }
        guard segment.attributes & 0x9F == 0x82 else { throw Fault(10, code) }
        state.pointee.ldt = segment
    }

    private func loadTaskSegments(_ selectors: [UInt16]) throws(Fault) {
        let cs = selectors[1]
        let level = UInt8(truncatingIfNeeded: cs & 3)
        let code = try ofTask(UInt32(cs & ~3)) { () throws(Fault) in try codeSegment(cs, level: level) }
        state.pointee.segments[1] = code
        state.pointee.privilege = level
        updateMode()
        for slot in [2, 0, 3, 4, 5] {
            try ofTask(UInt32(selectors[slot] & ~3)) { () throws(Fault) in
                try loadSegment(UInt8(slot), selectors[slot])
            }
        }
        try checkEntry(registers[17], code)
    }

    /// What is wrong with a new task's selectors is #TS.
    private func ofTask<Result>(_ code: UInt32, _ body: () throws(Fault) -> Result) throws(Fault) -> Result {
        do throws(Fault) {
            return try body()
        } catch {
            throw error.vector == 13 ? Fault(10, code) : error
        }
    }
}
