/// System reset (chapter 10). Cold and warm reboots are the same to a machine made of software.
extension SBI {
    private enum ResetType {
        static let shutdown: UInt32 = 0
        static let coldReboot: UInt32 = 1
        static let warmReboot: UInt32 = 2
    }

    private enum ResetReason {
        static let none: UInt32 = 0
        static let systemFailure: UInt32 = 1
    }

    /// A guest that gives system failure as its reason has ended badly, whether it asked to be started again
    /// or not.
    func systemReset(_ call: SBICall) -> SBIOutcome {
        guard call.functionID == 0 else { return .reply(SBIReply(.notSupported)) }
        let type = UInt32(truncatingIfNeeded: call.a0)
        let reason = UInt32(truncatingIfNeeded: call.a1)
        guard type <= ResetType.warmReboot, reason <= ResetReason.systemFailure else {
            return .reply(SBIReply(.invalidParameter))
        }
        if reason == ResetReason.systemFailure {
            power(.failed(code: reason))
        } else {
            power(type == ResetType.shutdown ? .powerOff : .reset)
        }
        return .noReturn
    }
}
