import Machine

extension Hart: DebuggedCPU {
    package var registerSet: RegisterSet { DebugRegisters.set }

    package var debugSummary: String {
        let mode =
            switch state.privilege {
            case .machine: "machine"
            case .supervisor: "supervisor"
            case .user: "user"
            }
        let activity =
            switch condition {
            case .started: isWaiting ? "waits for an interrupt" : "runs"
            case .suspended: "is suspended"
            case .stopped, .startPending: "is stopped"
            }
        return "hart \(id) \(activity), \(mode) mode"
    }

    package func debugRegister(_ number: Int) -> [UInt8]? {
        switch number {
        case 0..<32: LittleEndian.bytes(state.pointee.x[number])
        case DebugRegisters.pc:
            LittleEndian.bytes(condition == .startPending ? startAddress : state.pointee.pc)
        case DebugRegisters.firstFloat..<DebugRegisters.firstFloatControl:
            LittleEndian.bytes(state.pointee.f[number - DebugRegisters.firstFloat])
        case DebugRegisters.firstFloatControl..<DebugRegisters.privilege:
            control(number).flatMap { readRegister($0) }.map {
                LittleEndian.bytes($0, number < DebugRegisters.firstControl ? 4 : 8)
            }
        case DebugRegisters.privilege: LittleEndian.bytes(UInt64(state.pointee.privilege))
        default: nil
        }
    }

    package func setDebugRegister(_ number: Int, _ bytes: [UInt8]) -> Bool {
        guard hasRegister(number, bytes: bytes.count) else { return false }
        let value = LittleEndian.value(bytes)
        switch number {
        case 0: return value == 0
        case 1..<32: state.pointee.x[number] = value
        case DebugRegisters.pc: state.pointee.pc = value & ~1
        case DebugRegisters.firstFloat..<DebugRegisters.firstFloatControl:
            state.pointee.f[number - DebugRegisters.firstFloat] = value
        case DebugRegisters.privilege:
            guard value <= 3, let mode = Privilege(rawValue: UInt8(value)) else { return false }
            state.pointee.privilege = mode.rawValue
        default:
            guard let control = control(number) else { return false }
            _ = writeRegister(control, value)
        }
        return true
    }

    private func control(_ number: Int) -> UInt16? {
        let float = number - DebugRegisters.firstFloatControl
        if DebugRegisters.floatControls.indices.contains(float) {
            return DebugRegisters.floatControls[float].number
        }
        let index = number - DebugRegisters.firstControl
        return DebugRegisters.controls.indices.contains(index) ? DebugRegisters.controls[index].number : nil
    }

    package func debugTranslate(_ address: UInt64) -> UInt64? {
        if state.privilege == .machine { return address }
        for privilege in [Privilege.supervisor, .user] {
            for access in [Access.read, .execute] {
                let found = try? PageWalker.walk(state, memory, address, count: 1, access, privilege)
                if let found { return found.physical }
            }
        }
        return nil
    }
}

// MARK: - What engines ask

// GDB expects of RISC-V that a watch stops a hart before the access: it executes the instruction by itself, without the
// watch, and looks what has changed.
extension Hart {
    /// Stops before the instruction at `pc` if the debugger wants that. On the hart's own thread.
    func stopsHere() -> Bool {
        guard debug.isActive, !debug.isStepping, let kind = debug.points.breaks(at: state.pointee.pc) else {
            return false
        }
        stop(.breakpoint(kind))
        return true
    }

    /// Stops before an access that the debugger watches, which the instruction at `pc` is about to make.
    func stops(at address: UInt64, _ bytes: UInt64, _ access: DebugPoints.Access) -> Bool {
        guard debug.isActive, let watch = debug.points.watch(address, bytes, access) else { return false }
        stop(.watch(watch))
        return true
    }

    /// Stops before `instruction`, which is at `pc`, if the debugger watches what it accesses.
    func stops(at instruction: Instruction) -> Bool {
        guard debug.points.hasWatches, let access = DataAccess(instruction, state) else { return false }
        if access.reads, stops(at: access.address, access.bytes, .read) { return true }
        return access.writes && stops(at: access.address, access.bytes, .write)
    }

    /// Executes one instruction, unless the debugger wants to stop before it.
    ///
    /// - Parameter execute: does it, by whichever engine.
    func executeObserved(_ interpreter: Interpreter, _ execute: () -> Void) {
        if stopsHere() { return }
        if debug.points.hasWatches, let instruction = try? interpreter.fetch(), stops(at: instruction) {
            return
        }
        execute()
        if debug.isStepping { stop(.step) }
    }
}
