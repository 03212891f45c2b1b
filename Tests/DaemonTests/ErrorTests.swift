import Testing

@testable import Daemon

struct ErrorTests {
    @Test func anErrorSaysWhatItWasGiven() {
        #expect(DaemonError(.system, "no space left").description == "no space left")
    }
}
