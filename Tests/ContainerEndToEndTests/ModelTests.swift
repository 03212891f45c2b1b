import Model
import Testing

struct ModelTests {
    @Test func anInstanceIDHasSixtyFourDigits() {
        #expect(InstanceID.random().text.count == InstanceID.length)
        #expect(InstanceID("short") == nil)
    }
}
