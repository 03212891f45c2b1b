import Testing

@testable import Builder

struct ExpansionTests {
    static let variables = [
        "A": "value", "EMPTY": "", "PATH": "/usr/bin:/bin", "FILE": "archive.tar.gz", "N": "A",
    ]

    private func expand(_ text: String) throws -> String {
        try Expansion.expand(text) { Self.variables[$0] }
    }

    @Test(arguments: [
        ("plain", "plain"),
        ("$A", "value"),
        ("${A}x", "valuex"),
        ("$Ax", ""),
        ("a$", "a$"),
        ("\\$A", "$A"),
        ("'$A'", "$A"),
        ("\"$A b\"", "value b"),
        ("\"\\$A \\x \\\"\"", "$A \\x \""),
        ("'a'\"b\"c", "abc"),
        ("${X:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${X-d}", "d"),
        ("${A:+s}", "s"),
        ("${EMPTY:+s}", ""),
        ("${EMPTY+s}", "s"),
        ("${X+s}", ""),
        ("${A:?bad}", "value"),
        ("${X:-${A}}", "value"),
        ("${X:-${Y:-\"a b\"}}", "a b"),
        ("${X:-a\\}b}", "a}b"),
        ("${FILE#*.}", "tar.gz"),
        ("${FILE##*.}", "gz"),
        ("${FILE%.*}", "archive.tar"),
        ("${FILE%%.*}", "archive"),
        ("${FILE%zip}", "archive.tar.gz"),
        ("${FILE#???}", "hive.tar.gz"),
        ("${PATH/bin/sbin}", "/usr/sbin:/bin"),
        ("${PATH//bin/sbin}", "/usr/sbin:/sbin"),
        ("${PATH//\\//_}", "_usr_bin:_bin"),
        ("${A//[}", "value"),
        ("$1$*", ""),
        ("ä$A😀", "ävalue😀"),
    ])
    func wordsExpand(_ text: String, _ expected: String) throws {
        if text == "${A//[}" {
            #expect(throws: ExpansionError.self) { try expand(text) }
        } else {
            #expect(try expand(text) == expected)
        }
    }

    @Test(arguments: [
        "${", "${}", "${A", "${A:", "${A:~x}", "${A^^}", "'a", "\"a", "${X:?needed}", "${A/x}", "${X?}",
    ])
    func brokenWordsAreRefused(_ text: String) {
        #expect(throws: ExpansionError.self) { try expand(text) }
    }

    @Test func theMessageOfAMissingVariableIsTheUsers() {
        #expect(throws: ExpansionError("X: set X first")) { try expand("${X:?set X first}") }
        #expect(throws: ExpansionError("X: is not set")) { try expand("${X:?}") }
    }

    @Test func heredocContentKeepsQuotes() throws {
        let content = try Expansion.expandContent(Array("a='$A' \\$A \"x\" \\n".utf8)) { Self.variables[$0] }
        #expect(String(decoding: content, as: UTF8.self) == "a='value' $A \"x\" \\n")
    }

    @Test func nestingHasABound() {
        let deep = String(repeating: "${X:-", count: 100) + String(repeating: "}", count: 100)
        #expect(throws: ExpansionError.self) { try expand(deep) }
    }

    @Test func doublingValuesHasABound() {
        let half = String(repeating: "x", count: 600_000)
        #expect(throws: ExpansionError.self) { try Expansion.expand("$A$A$A") { _ in half } }
    }
}
