/// What a guest asks of its power supply, by whichever device or firmware call.
package enum PowerRequest: Sendable, Equatable {
    /// Switch the machine off: it has ended well.
    case powerOff
    /// Start the machine again from power-on.
    case reset
    /// The guest gives up; the code is whatever it chose to tell.
    case failed(code: UInt32)
}
