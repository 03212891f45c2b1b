import Testing

@testable import Images

struct ErrorTests {
    @Test func anErrorSaysWhatItWasGiven() {
        #expect(ImageError(.system, "no space left").description == "no space left")
    }
}
