/// One wire from a device to an interrupt controller, or from a controller to a hart.
///
/// `set` may be called from any thread and is level-triggered: calling it twice with the same
/// level changes nothing. Never call it while holding a device lock.
package struct InterruptLine: Sendable {
    /// Drives the wire: true asserts it.
    package let set: @Sendable (_ asserted: Bool) -> Void

    package init(_ set: @escaping @Sendable (_ asserted: Bool) -> Void) { self.set = set }

    /// A wire that leads nowhere.
    package static let unconnected = InterruptLine { _ in }
}
