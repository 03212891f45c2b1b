import Testing

@testable import Containers

struct JSONTests {
    @Test func valuesSurviveWritingAndReading() throws {
        let text = #"{"a":[1,-2,18446744073709551615,1.5,true,null],"b":{"c":"x\"\\\né€😀"},"d":[],"e":{}}"#
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(try JSONValue(parsing: Array(value.description.utf8)) == value)
        #expect(try JSONValue(parsing: Array(value.pretty().utf8)) == value)
        #expect(value.object?["a"]?.array?[2] == .unsigned(.max))
    }

    @Test func escapesBecomeTheirCharacters() throws {
        let value = try JSONValue(parsing: Array(#""\u00e9\ud83d\ude00\ud83dx\/\b""#.utf8))
        #expect(value.string == "é😀\u{FFFD}x/\u{8}")
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "01", "1.", "-", "+1", "tru", "\"", "\"\\x\"", "\"\\u12\"",
        "[1] 2",
        "1e999", "nul", "\u{7}", "{'a':1}", "\"\u{1}\"",
    ])
    func whatIsNoJSONIsRefused(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test func depthIsBounded() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test func stringsThatAreNotUnicodeAreRefused() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test func ofTwoMembersWithOneNameTheLastCounts() throws {
        let members = (0..<40).map { "\"k\($0 % 20)\":\($0)" }.joined(separator: ",")
        let value = try JSONValue(parsing: Array("{\(members)}".utf8))
        #expect(value.object?.members.count == 20)
        #expect(value.object?["k3"]?.integer == 23)
    }
}
