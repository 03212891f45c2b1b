import Glibc
import Host
import Synchronization

/// Work that blocks, on a thread of its own.
final class Background<Value: Sendable>: Sendable {
    private let thread: Thread
    private let outcome: Outcome

    private final class Outcome: Sendable {
        let result = Mutex<Result<Value, ImageError>?>(nil)
    }

    init(_ name: String, _ body: @escaping @Sendable () throws(ImageError) -> Value) throws(ImageError) {
        let outcome = Outcome()
        do {
            thread = try Thread(name: name) {
                let result: Result<Value, ImageError>
                do throws(ImageError) {
                    result = .success(try body())
                } catch {
                    result = .failure(error)
                }
                outcome.result.withLock { $0 = result }
            }
        } catch {
            throw ImageError(error)
        }
        self.outcome = outcome
    }

    /// Waits for the end. Call it once.
    func join() throws(ImageError) -> Value {
        thread.join()
        guard let result = outcome.result.withLock({ $0 }) else {
            throw ImageError(.system, "a thread was lost")
        }
        return try result.get()
    }
}

/// Runs work that blocks on a thread of its own, without holding up other tasks.
func onThread<Value: Sendable>(
    _ name: String, _ body: @escaping @Sendable () throws(ImageError) -> Value
) async throws(ImageError) -> Value {
    let result: Result<Value, ImageError> = await withCheckedContinuation { continuation in
        do {
            _ = try Thread(name: name) {
                // Nobody joins: the thread's resources go with it.
                pthread_detach(pthread_self())
                do throws(ImageError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        } catch {
            continuation.resume(returning: .failure(ImageError(any: error)))
        }
    }
    return try result.get()
}
