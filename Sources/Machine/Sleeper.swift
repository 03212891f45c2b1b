import Glibc

/// Where a vCPU's thread sleeps, and where others wait for the vCPU: one lock, two conditions.
package final class Sleeper: @unchecked Sendable {
    // SAFETY: the storage is set up in `init` and then used through pthread calls only.

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let woken = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(woken, &attributes)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(woken)
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        woken.deallocate()
        changed.deallocate()
        mutex.deallocate()
    }

    /// Sleeps until `isDone` holds, looking at it after every wake-up, or until the time is over.
    package func sleep(nanoseconds: UInt64?, until isDone: () -> Bool) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard let nanoseconds else {
            while !isDone() { pthread_cond_wait(woken, mutex) }
            return
        }
        var deadline = Self.after(nanoseconds)
        while !isDone() {
            guard pthread_cond_timedwait(woken, mutex, &deadline) == 0 else { return }
        }
    }

    /// Wakes the sleeper. What it waits for must have been made true before.
    package func wake() {
        pthread_mutex_lock(mutex)
        pthread_cond_signal(woken)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until `isDone` holds, looking at it after every `announce`.
    package func await(_ isDone: () -> Bool) {
        pthread_mutex_lock(mutex)
        while !isDone() { pthread_cond_wait(changed, mutex) }
        pthread_mutex_unlock(mutex)
    }

    /// Changes something that others await.
    @discardableResult
    package func announce<Result>(_ change: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        pthread_cond_broadcast(changed)
        return change()
    }

    private static func after(_ nanoseconds: UInt64) -> timespec {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        // A day at most, so that no sum can overflow.
        let total = UInt64(time.tv_nsec) &+ min(nanoseconds, 86_400_000_000_000)
        time.tv_sec += Int(total / 1_000_000_000)
        time.tv_nsec = Int(total % 1_000_000_000)
        return time
    }
}
