import Testing

@testable import KernelNetwork

struct ErrorTests {
    @Test func anErrorSaysWhatItWasGiven() {
        #expect(KernelNetworkError(.system, "no space left").description == "no space left")
    }
}
