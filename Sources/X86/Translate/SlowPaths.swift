import CLinux
import Machine

/// What emitted code calls. Each function gets the address of the core's state.
enum SlowPaths {
    typealias Fill = @convention(c) (UnsafeMutableRawPointer, UInt64, UInt32) -> UInt64
    typealias Interpret = @convention(c) (UnsafeMutableRawPointer, UInt32) -> UInt64

    static var targets: CoreThunks.Targets {
        CoreThunks.Targets(
            fill: unsafeBitCast(fill, to: UInt.self), probe: unsafeBitCast(probe, to: UInt.self),
            interpret: unsafeBitCast(interpret, to: UInt.self))
    }

    @inline(__always)
    private static func engine(_ state: UnsafeMutableRawPointer) -> Unmanaged<TranslatedCore> {
        let bits = state.assumingMemoryBound(to: CoreState.self).pointee.translation.engine
        guard let pointer = UnsafeRawPointer(bitPattern: bits) else { fatalError("core without an engine") }
        return Unmanaged.fromOpaque(pointer)
    }

    /// Returns the host's address for an access, or 0 when the interpreter has executed the instruction.
    private static let fill: Fill = { state, address, info in
        engine(state)._withUnsafeGuaranteedRef { engine in
            if let host = engine.fill(address, info) { return host }
            _ = engine.interpret(info)
            return 0
        }
    }

    /// Returns the host's address of a window, or 0 when its accesses have to be checked one by one.
    private static let probe: Fill = { state, address, info in
        engine(state)._withUnsafeGuaranteedRef { engine in
            // Nothing has been accessed yet: a page fault is not to be seen.
            let fault = engine.state.pointee.cr2
            let host = engine.fill(address, info)
            engine.state.pointee.cr2 = fault
            return host ?? 0
        }
    }

    /// Returns 1 when the unit may go on behind the instruction.
    private static let interpret: Interpret = { state, info in
        engine(state)._withUnsafeGuaranteedRef { $0.interpret(info) ? 1 : 0 }
    }
}

extension TranslatedCore {
    /// Puts the page of `address` into the TLB. `nil` for what the interpreter has to sort out: faults, devices,
    /// two pages, code.
    func fill(_ address: UInt64, _ info: UInt32) -> UInt64? {
        let bytes = AccessInfo.bytes(info)
        guard address & 0xFFF <= 4096 - bytes else { return nil }
        if info & AccessInfo.aligned != 0, address & 15 != 0 { return nil }
        let isWrite = info & AccessInfo.write != 0
        guard !core.isObserved(address, write: isWrite),
            let mapping = try? core.translate(address, isWrite ? .write : .read),
            let host = core.memory.pointer(to: mapping.physical, count: 4096)
        else { return nil }
        if isWrite, core.watch.isCode(mapping.physical) {
            // Data beside code: such a page gets no write tag. Another core may be reading it as code right now.
            let place = mapping.physical | address & 0xFFF
            guard !core.watch.isShared, !core.watch.holdsCode(place, bytes) else { return nil }
        }
        core.enter(address, mapping, host)
        return UInt64(UInt(bitPattern: host)) | address & 0xFFF
    }

    /// Lets the interpreter execute one instruction of the running unit, handler entry included.
    ///
    /// - Returns: whether the unit may go on behind it.
    func interpret(_ info: UInt32) -> Bool {
        let start = state.pointee.translation.pageBase &+ AccessInfo.offset(info)
        let (before, changes) = (mode, units.changes)
        core.registers[Int(Slot.rip)] = start
        state.setArithmetic(state.pointee.translation.arithmetic)
        let hasCompleted = executeOne()
        state.pointee.translation.flagWord = TranslationState.flagWord(state.rflags)
        return hasCompleted && core.registers[Int(Slot.rip)] == start &+ AccessInfo.length(info)
            && !interpreter.isTraced && units.changes == changes && mode == before
            && !state.pointee.isShadowed
            && viv_load32(core.exitRequest) == 0
    }

    private func executeOne() -> Bool {
        do throws(Fault) {
            try interpreter.executeNext()
            return true
        } catch {
            core.raise(error)
            return false
        }
    }
}
