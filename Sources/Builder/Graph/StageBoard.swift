import Glibc

/// Where stages leave their results for others, which wait for them here.
actor StageBoard {
    private var results: [Int: Result<StageState, BuildError>] = [:]
    private var waiters: [Int: [CheckedContinuation<Result<StageState, BuildError>, Never>]] = [:]
    /// The first failure, which is the reason of the others.
    private(set) var failure: BuildError?

    func publish(_ result: Result<StageState, BuildError>, of stage: Int) {
        if case .failure(let error) = result, failure == nil || failure?.kind == .cancelled {
            failure = error
        }
        results[stage] = result
        for waiter in waiters.removeValue(forKey: stage) ?? [] { waiter.resume(returning: result) }
    }

    /// The result of a stage that runs, or will.
    func result(of stage: Int) async throws(BuildError) -> StageState {
        if let result = results[stage] { return try result.get() }
        return try await withCheckedContinuation { waiters[stage, default: []].append($0) }.get()
    }
}

/// Lets a bounded number of steps work at once.
actor StepSlots {
    private var free: Int
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = max(count, 1) }

    static let processors = max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1)

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiters.append($0) }
        }
    }

    func give() {
        if waiters.isEmpty {
            free += 1
        } else {
            waiters.removeFirst().resume()
        }
    }
}
