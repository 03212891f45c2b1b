/// Where a hart stands; the raw values are those of table 11. Starting and stopping take no time here, so
/// that the pending states never show.
package enum HartState: UInt64, Sendable {
    case started = 0
    case stopped = 1
    case suspended = 4
}

/// Hart state management (chapter 9).
extension SBI {
    private enum SuspendType {
        static let retentive: UInt32 = 0
        static let nonRetentive: UInt32 = 0x8000_0000
    }

    /// A hart told to suspend has woken up.
    package func resumed(_ hart: Int) {
        states.withLock { states in
            guard states.indices.contains(hart), states[hart] == .suspended else { return }
            states[hart] = .started
        }
    }

    /// What supervisor software can know of `hart`; `nil` when there is no such hart.
    package func state(of hart: Int) -> HartState? {
        states.withLock { $0.indices.contains(hart) ? $0[hart] : nil }
    }

    func hartState(_ call: SBICall, from hart: Int) -> SBIOutcome {
        switch call.functionID {
        case 0: .reply(start(call))
        case 1: stop(hart)
        case 2: .reply(status(call.a0))
        case 3: suspend(call, from: hart)
        default: .reply(SBIReply(.notSupported))
        }
    }

    private func start(_ call: SBICall) -> SBIReply {
        guard call.a0 < UInt64(min(harts.count, 64)) else { return SBIReply(.invalidParameter) }
        guard isExecutable(call.a1) else { return SBIReply(.invalidAddress) }
        let target = Int(call.a0)
        let wasStopped = states.withLock { states in
            guard states[target] == .stopped else { return false }
            states[target] = .started
            return true
        }
        guard wasStopped else { return SBIReply(.alreadyAvailable) }
        harts.start(at: HartEntry(address: call.a1, hart: target, opaque: call.a2))
        return .success()
    }

    private func stop(_ hart: Int) -> SBIOutcome {
        guard set(hart, to: .stopped) else { return .reply(SBIReply(.failed)) }
        return .noReturn
    }

    private func status(_ number: UInt64) -> SBIReply {
        guard let hart = Int(exactly: number), let state = state(of: hart) else {
            return SBIReply(.invalidParameter)
        }
        return .success(state.rawValue)
    }

    private func suspend(_ call: SBICall, from hart: Int) -> SBIOutcome {
        var resume: HartEntry?
        switch UInt32(truncatingIfNeeded: call.a0) {
        case SuspendType.retentive: break
        case SuspendType.nonRetentive:
            guard isExecutable(call.a1) else { return .reply(SBIReply(.invalidAddress)) }
            resume = HartEntry(address: call.a1, hart: hart, opaque: call.a2)
        default: return .reply(SBIReply(.invalidParameter))
        }
        guard set(hart, to: .suspended) else { return .reply(SBIReply(.failed)) }
        return .suspend(resume: resume)
    }

    private func set(_ hart: Int, to state: HartState) -> Bool {
        states.withLock { states in
            guard states.indices.contains(hart) else { return false }
            states[hart] = state
            return true
        }
    }

    /// Whether a hart could begin at `address`: an instruction's place in RAM.
    private func isExecutable(_ address: UInt64) -> Bool { address & 1 == 0 && memory.contains(address, 2) }
}
