import Testing

@testable import Containers

struct ArgumentsTests {
    private let grammar = Arguments.Grammar(
        valued: ["bundle,b", "env,e"], flags: ["detach,d"], stopsAtOperand: true)

    @Test func everySpellingOfAnOptionIsUnderstood() throws {
        let options = try Arguments(
            ["--bundle", "/x", "-e=A=1", "--env=B=2", "-d", "id", "sh", "-c", "--bundle"], grammar)
        #expect(options.value("bundle") == "/x")
        #expect(options.all("env") == ["A=1", "B=2"])
        #expect(options.has("detach"))
        #expect(options.operands == ["id", "sh", "-c", "--bundle"])
    }

    @Test func aDoubleDashEndsTheOptions() throws {
        #expect(try Arguments(["--", "-d"], grammar).operands == ["-d"])
    }

    @Test func unknownOptionsAndMissingValuesAreErrors() {
        #expect(throws: ContainerError.self) { try Arguments(["--nope"], grammar) }
        #expect(throws: ContainerError.self) { try Arguments(["--bundle"], grammar) }
    }
}
