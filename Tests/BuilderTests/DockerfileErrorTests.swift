import Testing

@testable import Builder

struct DockerfileErrorTests {
    private func message(_ text: String) -> String {
        do throws(BuildError) {
            _ = try Dockerfile(Array(text.utf8))
            return ""
        } catch {
            return error.description
        }
    }

    @Test func anErrorShowsFileLineAndPlace() {
        #expect(
            message("FROM x\n\nRUN --mout=type=cache true") == """
                Dockerfile:3: RUN has no flag --mout; did you mean --mount?
                 3 | RUN --mout=type=cache true
                   |     ^
                """)
    }

    @Test func thePlaceIsRightAfterContinuations() {
        #expect(
            message("FROM x\nENV A=1 \\\n\tB") == """
                Dockerfile:3: “B” is no name=value; values with spaces need quotes
                 3 | \tB
                   | \t^
                """)
    }

    @Test(arguments: [
        ("FORM x", "unknown instruction: FORM; did you mean FROM?"),
        ("FROM x\nCOPPY a b", "did you mean COPY?"),
        ("FROM x\nQWERTZUIOP", "unknown instruction: QWERTZUIOP"),
        ("", "has no instructions"),
        ("FROM", "FROM needs an argument"),
        ("FROM a b", "FROM takes an image"),
        ("FROM a AS 1b", "cannot name a stage"),
        ("FROM x\nCOPY a", "takes a source and a destination"),
        ("FROM x\nCOPY --chmod=9 a b", "--chmod takes"),
        ("FROM x\nCOPY --from=$A a b", "--from takes no variables"),
        ("FROM x\nRUN --mount=type=cash,target=/x true", "no type “cash”"),
        ("FROM x\nRUN --mount=type=cache true", "needs target="),
        ("FROM x\nRUN --mount=type=cache,targt=/x true", "did you mean target?"),
        ("FROM x\nRUN --security=insecure true", "refused"),
        ("FROM x\nRUN --network=bridge true", "default, none or host"),
        ("FROM x\nSHELL sh -c", "JSON form"),
        ("FROM x\nCMD [1, 2]", "only strings"),
        ("FROM x\nONBUILD FROM y", "FROM is not allowed after ONBUILD"),
        ("FROM x\nONBUILD ONBUILD RUN y", "ONBUILD is not allowed after ONBUILD"),
        ("FROM x\nHEALTHCHECK --interval=5 CMD x", "is a duration"),
        ("FROM x\nRUN <<EOF\nhello", "the heredoc <<EOF has no end"),
        ("# escape=x\nFROM x", "escape must be"),
        ("# escape=`\n# escape=`\nFROM x", "stands there twice"),
        ("FROM x\nUSER --a b", "USER has no flag --a; it has none"),
    ])
    func mistakesAreNamed(_ text: String, _ expected: String) {
        let found = message(text)
        #expect(found.contains(expected), "\(found)")
        #expect(found.hasPrefix("Dockerfile:"))
    }
}
