import Model

/// Whether and when an instance that ended by itself is started again.
///
/// The pause doubles from 100 ms to one minute, and starts over once the instance has run for ten seconds.
struct RestartBackOff: Equatable, Sendable {
    static let shortest = 0.1
    static let longest = 60.0
    /// Seconds after which a run counts as a success.
    static let goodRun = 10.0

    private(set) var pause = 0.0

    /// The pause in seconds before the next start; `nil` when the policy wants none.
    ///
    /// - Parameters:
    ///   - restarts: how often it was started again since a user started it.
    ///   - ran: seconds that it has run.
    mutating func next(
        after exitCode: Int32, ran: Double, policy: RestartPolicy, restarts: Int, wasStoppedByUser: Bool
    ) -> Double? {
        guard Self.wantsRestart(exitCode, policy, restarts, wasStoppedByUser) else { return nil }
        pause = ran >= Self.goodRun || pause == 0 ? Self.shortest : min(pause * 2, Self.longest)
        return pause
    }

    private static func wantsRestart(
        _ exitCode: Int32, _ policy: RestartPolicy, _ restarts: Int, _ wasStoppedByUser: Bool
    ) -> Bool {
        guard !wasStoppedByUser else { return false }
        return switch policy.kind {
        case .no: false
        case .always, .unlessStopped: true
        case .onFailure: exitCode != 0 && (policy.maximumRetries <= 0 || restarts < policy.maximumRetries)
        }
    }

    /// Whether the daemon's own start brings back an instance that does not run.
    static func wantsStart(_ instance: Instance, policy: RestartPolicy) -> Bool {
        switch policy.kind {
        case .always: instance.started != nil
        case .unlessStopped: instance.started != nil && !instance.wasStoppedByUser
        case .no, .onFailure: false
        }
    }
}
