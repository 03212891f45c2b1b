import Testing

@testable import Store

struct ErrorTests {
    @Test func anErrorSaysWhatItWasGiven() {
        #expect(StoreError(.system, "no space left").description == "no space left")
    }
}
