import Model

/// An instance and what belongs to it only as long as this daemon runs. Used by the engine's actor alone.
final class Entry {
    /// Somebody who waits for an instance.
    struct Waiter {
        let condition: WaitCondition
        let result: OneShot<WaitResult>
    }

    struct Follower {
        weak var cursor: LogCursor?
    }

    var instance: Instance
    var runner: (any Runner)?
    var waiters: [Waiter] = []
    var backOff = RestartBackOff()
    /// Follows the running process to its end and clears up behind it.
    var watch: Task<Void, Never>?
    /// Sleeps until the restart policy's next start.
    var restart: Task<Void, Never>?
    var health: Task<Void, Never>?
    /// Fulfilled when the process has ended and everything behind it is cleared up.
    var ended = OneShot<Bool>()
    /// Sessions that were opened before the start.
    var early: [StreamSession] = []
    /// Readers of the log that wait for more, as long as their clients are there.
    var followers: [Follower] = []
    /// Endpoints as `viv-network` has them: those of `instance` may be changed by users meanwhile.
    var attached: [Endpoint] = []
    /// Numbers of interfaces that are not their place in `attached`, by endpoint.
    var interfaces: [String: Int] = [:]
    /// Changes of the process's health come into force only for the run that they were found in.
    var run = 0

    init(_ instance: Instance) { self.instance = instance }

    var id: InstanceID { instance.id }
    var key: String { instance.id.text }

    var isRunning: Bool { instance.state == .running || instance.state == .paused }

    var container: ContainerSpec? {
        get {
            guard case .container(let spec) = instance.spec else { return nil }
            return spec
        }
        set {
            if let newValue { instance.spec = .container(newValue) }
        }
    }

    var restartPolicy: RestartPolicy {
        switch instance.spec {
        case .container(let spec): spec.restart
        case .machine(let spec): spec.restart
        }
    }

    var removesItself: Bool {
        switch instance.spec {
        case .container(let spec): spec.removesItself
        case .machine(let spec): spec.removesItself
        }
    }

    var subject: Event.Subject {
        switch instance.spec {
        case .container: .container
        case .machine: .machine
        }
    }

    /// Tells everybody whose condition is among `conditions`.
    func wake(_ conditions: Set<WaitCondition>, _ result: WaitResult) {
        let served = waiters.filter { conditions.contains($0.condition) }
        waiters.removeAll { conditions.contains($0.condition) }
        for waiter in served { waiter.result.fulfil(result) }
    }

    /// Ends what this daemon does for the instance; the instance itself goes on.
    func cancelTasks() {
        restart?.cancel()
        health?.cancel()
        for follower in followers { follower.cursor?.close() }
    }
}
