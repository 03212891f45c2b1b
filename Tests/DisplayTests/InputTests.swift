import Display
import Testing

/// From what somebody writes to the keys that are pressed.
struct InputTests {
    private func chords(_ text: String, _ layout: KeyLayout = .us) throws -> [[UInt16]] {
        try KeyScript(parsing: text).chords(layout)
    }

    @Test func textAndKeysAreMixed() throws {
        #expect(try chords("aB{enter}") == [[30], [42, 48], [28]])
        #expect(try chords("{ctrl-alt-del}{F12}") == [[29, 56, 111], [88]])
        #expect(try chords("{{}{-}{ctrl-c}") == [[42, 26], [12], [29, 46]])
        #expect(try chords("") == [])
    }

    @Test func everyPrintableCharacterHasAKey() {
        for layout in KeyLayout.all {
            for code in 32..<127 {
                let character = Character(Unicode.Scalar(UInt8(code)))
                if layout.name == "fr", character == "^" || character == "`" { continue }
                #expect(layout.stroke(character) != nil, "\(layout.name) \(character)")
            }
        }
    }

    @Test func layoutsDiffer() throws {
        #expect(try chords("z", .de) == [[21]])
        #expect(try chords("@", .de) == [[100, 16]])
        #expect(try chords("a1", .fr) == [[16], [42, 2]])
        #expect(try chords("\"", .gb) == [[42, 3]])
    }

    @Test(arguments: ["{", "{enter", "{nosuchkey}", "{}", "{ctrl-}"]) func mistakesAreTold(text: String) {
        #expect(throws: KeyScript.Mistake.self) { try KeyScript(parsing: text) }
    }

    @Test func whatALayoutLacksIsTold() throws {
        let script = try KeyScript(parsing: "ж")
        #expect(throws: KeyScript.Mistake.self) { try script.chords(.us) }
    }

    @Test func terminalsHaveSequences() throws {
        let script = try KeyScript(parsing: "ls -l{enter}{ctrl-c}{up}{alt-x}é\n")
        let expected = Array("ls -l\r\u{3}\u{1B}[A\u{1B}xé\r".utf8)
        #expect(try script.terminalBytes() == expected)
        #expect(throws: KeyScript.Mistake.self) { try KeyScript(chord: "ctrl-alt-del").terminalBytes() }
    }
}
