import Testing

@testable import Builder

struct ErrorTests {
    @Test func anErrorSaysWhatItWasGiven() {
        #expect(BuildError(.system, "no space left").description == "no space left")
    }
}
