import CLI
import Testing

@Suite struct DialogueTests {
    private func dialogue() -> Dialogue {
        Dialogue(
            prompt: "~ # ",
            steps: [
                Dialogue.Step("uname", expecting: "Linux"), Dialogue.Step("id", expecting: "uid=0", "root"),
            ])
    }

    private func say(_ text: String, to dialogue: inout Dialogue) -> Dialogue.Action? {
        dialogue.take(Array(text.utf8))
    }

    private func expect(
        _ action: Dialogue.Action?, _ expected: Dialogue.Action?,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(action == expected, sourceLocation: location)
    }

    @Test func `commands are typed at each prompt until all are answered`() {
        var talk = dialogue()
        expect(say("[ 0.1] booting\r\n", to: &talk), nil)
        #expect(talk.awaited == nil)
        expect(say("\r\n~ # ", to: &talk), .type("uname"))
        #expect(talk.awaited == "uname")
        expect(say("uname\r\nLin", to: &talk), nil)
        expect(say("ux\r\n~ # ", to: &talk), .type("id"))
        expect(say("id\r\nuid=0(root)\r\n~ # ", to: &talk), .finish)
        expect(say("poweroff\r\n~ # ", to: &talk), nil)
    }

    @Test func `an answer without an expected text names the command and the text`() {
        var talk = dialogue()
        _ = say("\n~ # ", to: &talk)
        expect(say("uname\r\nPlan 9\r\n~ # ", to: &talk), .fail(command: "uname", missing: "Linux"))
    }

    @Test func `escape sequences around the prompt do not hide it`() {
        var talk = dialogue()
        expect(say("\r\n\u{1b}[1m~ # \u{1b}[6n", to: &talk), .type("uname"))
    }

    @Test func `an answer to one command does not count for the next`() {
        var talk = dialogue()
        _ = say("\n~ # ", to: &talk)
        _ = say("uname\r\nLinux uid=0 root\r\n~ # ", to: &talk)
        expect(say("id\r\nnobody\r\n~ # ", to: &talk), .fail(command: "id", missing: "uid=0"))
    }
}
