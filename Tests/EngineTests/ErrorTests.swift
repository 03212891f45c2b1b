import Testing

@testable import Engine

struct ErrorTests {
    @Test func anErrorSaysWhatItWasGiven() {
        #expect(EngineError(.system, "no space left").description == "no space left")
    }
}
