import Machine

/// Where the board's devices lead to on the host's side.
package struct BoardLinks: Sendable {
    let clock: any Clock
    /// What the guest sends over its serial port.
    let transmit: @Sendable (UnsafeRawBufferPointer) -> Void
    /// The serial port has room for input again.
    let wantsInput: @Sendable () -> Void
    /// The guest asks its power supply for something.
    let power: @Sendable (PowerRequest) -> Void
    /// Wants one call of the real-time clock's `alarmExpired` after so many nanoseconds; `nil`: none.
    let scheduleAlarm: @Sendable (UInt64?) -> Void

    package init(
        clock: any Clock, transmit: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        wantsInput: @escaping @Sendable () -> Void, power: @escaping @Sendable (PowerRequest) -> Void,
        scheduleAlarm: @escaping @Sendable (UInt64?) -> Void
    ) {
        self.clock = clock
        self.transmit = transmit
        self.wantsInput = wantsInput
        self.power = power
        self.scheduleAlarm = scheduleAlarm
    }
}
