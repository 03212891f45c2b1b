import Model
import Testing

@testable import Engine

struct NameTests {
    @Test(arguments: ["web", "a.b-c_d", "9lives", "Aa"]) func goodNamesPass(name: String) {
        #expect(ObjectName.isValid(name))
    }

    @Test(arguments: ["", "a", "-web", ".web", "a b", "a/b", "ü1", String(repeating: "x", count: 256)])
    func badNamesAreRefused(name: String) {
        #expect(throws: EngineError.self) { try ObjectName.check(name, what: "container") }
    }

    @Test func madeUpNamesAreValidAndFree() {
        var generator = SystemRandomNumberGenerator()
        var taken: Set<String> = []
        for _ in 0..<200 {
            let name = NameGenerator.name(using: &generator) { taken.contains($0) }
            #expect(ObjectName.isValid(name) && taken.insert(name).inserted)
        }
    }

    @Test func aNumberIsAddedWhenAllNamesAreTaken() {
        var generator = SystemRandomNumberGenerator()
        let name = NameGenerator.name(using: &generator) { $0.last?.isNumber != true }
        #expect(name.last?.isNumber == true)
    }

    @Test(arguments: [
        ("web", "web1", true), ("^web$", "web1", false), ("^web", "web1", true), ("b1$", "web1", true),
        ("/web1", "web1", true), ("^/web1$", "web1", true), ("x", "web1", false),
    ]) func partsOfNamesMatch(pattern: String, name: String, matches: Bool) {
        #expect(NamePattern(pattern).matches(name) == matches)
    }

    @Test(arguments: [
        ("SIGTERM", 15), ("term", 15), ("9", 9), ("RTMIN+3", 37), ("SIGRTMAX-1", 63), ("sigwinch", 28),
    ]) func signalsAreUnderstood(text: String, number: Int32) throws {
        #expect(try SignalName.number(text) == number)
    }

    @Test(arguments: ["", "SIG", "0", "65", "RTMIN+99", "RTMAX-", "TERMX"]) func strangeSignalsAreRefused(
        text: String
    ) {
        #expect(throws: EngineError.self) { try SignalName.number(text) }
    }

    @Test(arguments: [("10m", 10 << 20), ("1g", 1 << 30), ("512k", 512 << 10), ("7", 7), ("2MB", 2 << 20)])
    func sizesAreUnderstood(text: String, bytes: UInt64) {
        #expect(ByteCount.parse(text) == bytes)
    }

    @Test(arguments: ["", "m", "-1", "1x", "99999999999999t"]) func strangeSizesAreRefused(text: String) {
        #expect(ByteCount.parse(text) == nil)
    }
}
