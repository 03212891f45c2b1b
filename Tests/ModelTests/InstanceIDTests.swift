import Model
import Testing

struct InstanceIDTests {
    @Test func anIDHasSixtyFourDigits() {
        #expect(InstanceID.random().text.count == InstanceID.length)
        #expect(InstanceID(String(repeating: "a", count: 64)) != nil)
    }

    @Test(arguments: ["", "short", String(repeating: "A", count: 64), String(repeating: "a", count: 65)])
    func anythingElseIsRefused(_ text: String) {
        #expect(InstanceID(text) == nil)
    }
}
