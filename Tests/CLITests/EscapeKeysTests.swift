import CLI
import Testing

@Suite struct EscapeKeysTests {
    private func actions(_ pieces: String...) -> [EscapeKeys.Action] {
        var keys = EscapeKeys()
        return pieces.flatMap { keys.take(Array($0.utf8)) }
    }

    @Test func `ordinary keys go to the guest, control keys included`() {
        #expect(actions("ls\r\u{3}\u{4}") == [.send(Array("ls\r\u{3}\u{4}".utf8))])
    }

    @Test func `Ctrl-A x ends the machine after what was typed before it`() {
        #expect(actions("ab\u{1}xcd") == [.send([0x61, 0x62]), .end, .send([0x63, 0x64])])
    }

    @Test func `Ctrl-A h helps`() {
        #expect(actions("\u{1}h") == [.help])
        #expect(EscapeKeys.help.contains("Ctrl-A x"))
    }

    @Test func `Ctrl-A twice is one Ctrl-A for the guest`() {
        #expect(actions("\u{1}\u{1}x") == [.send([1, 0x78])])
    }

    @Test func `an unknown key after Ctrl-A reaches the guest together with it`() {
        #expect(actions("\u{1}q") == [.send([1, 0x71])])
    }

    @Test func `an escape may be cut between two reads`() {
        #expect(actions("a\u{1}", "x") == [.send([0x61]), .end])
        #expect(actions("\u{1}", "", "\u{1}") == [.send([1])])
    }
}
