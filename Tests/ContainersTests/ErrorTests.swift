import Testing

@testable import Containers

struct ErrorTests {
    @Test func anErrorSaysWhatItWasGiven() {
        #expect(ContainerError(.system, "no space left").description == "no space left")
    }
}
