import Synchronization

/// An object as those know it who may outlive it. No weak reference: an object that has one pays for it whenever it is
/// retained, which was half of the interpreter's time.
final class Backlink<Target: AnyObject>: @unchecked Sendable {
    // SAFETY: the target is alive while the lock is held and there is one.
    private let target = Mutex<UInt>(0)

    /// The target sets itself when it has been made, and `nil` before it goes.
    func set(_ target: Target?) {
        let address = target.map { UInt(bitPattern: Unmanaged.passUnretained($0).toOpaque()) } ?? 0
        self.target.withLock { $0 = address }
    }

    /// Calls `body` unless the target has gone. *Any thread.*
    func call(_ body: (Target) -> Void) {
        target.withLock { address in
            guard let pointer = UnsafeRawPointer(bitPattern: address) else { return }
            body(Unmanaged<Target>.fromOpaque(pointer).takeUnretainedValue())
        }
    }
}
