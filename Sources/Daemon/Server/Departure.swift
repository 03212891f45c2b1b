import NIOCore
import Synchronization

/// Knows when the client at the other end of a connection has left, or has said that it will send no more.
///
/// Hummingbird's own watch over a connection ends the process when the response is finished before the request's body
/// has been read to its end (its stream of the body is dropped unfinished), so this handler watches instead.
final class Departure: ChannelInboundHandler, Sendable {
    typealias InboundIn = NIOAny

    private struct State {
        var hasLeft = false
        var waiting: [Int: @Sendable () -> Void] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Calls `action` once, when the client leaves: at once if it has left. The number takes the wish back.
    func onLeave(_ action: @escaping @Sendable () -> Void) -> Int? {
        let number = state.withLock { state -> Int? in
            guard !state.hasLeft else { return nil }
            state.next += 1
            state.waiting[state.next] = action
            return state.next
        }
        if number == nil { action() }
        return number
    }

    func forget(_ number: Int?) {
        guard let number else { return }
        _ = state.withLock { $0.waiting.removeValue(forKey: number) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        left()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { left() }
        context.fireUserInboundEventTriggered(event)
    }

    private func left() {
        let actions = state.withLock { state -> [@Sendable () -> Void] in
            state.hasLeft = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        actions.forEach { $0() }
    }
}

extension Departure {
    /// The connection of the request that this task answers; `nil` in tests without one.
    @TaskLocal static var connection: (any Channel)?

    /// Runs `work`, which is cancelled when the client leaves.
    static func cancelling(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let departure = try? await connection?.pipeline.handler(type: Departure.self).get()
        let task = Task { try await work() }
        let number = departure?.onLeave { task.cancel() }
        defer { departure?.forget(number) }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
