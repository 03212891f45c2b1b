import Firmware
import Synchronization

/// Remote fences of the built-in SBI: each hart's engine forgets for itself, the caller waits for all.
final class RemoteFences: @unchecked Sendable {
    // SAFETY: `threads` is set once, before any hart runs.

    var threads: [HartThread] = []

    /// Returns when the engines of `targets` have done `fence`. Called on the thread of some hart.
    func perform(_ fence: RemoteFence, on targets: HartSet) {
        guard let own = threads.first(where: \.isCurrent) else { return }
        let tickets = targets.indices.map { ($0, threads[$0].ask(fence)) }
        for (target, ticket) in tickets { threads[target].wait(for: ticket, as: own) }
    }
}
