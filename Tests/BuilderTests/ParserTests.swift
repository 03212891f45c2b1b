import Testing

@testable import Builder

struct ParserTests {
    private func parse(_ text: String) throws -> [Builder.Operation] {
        try Dockerfile(Array(text.utf8)).instructions.map(\.operation)
    }

    private func one(_ text: String) throws -> Builder.Operation { try #require(try parse(text).first) }

    @Test func fromTakesPlatformAndName() throws {
        let expected = FromInstruction(image: "debian:12", platform: "linux/arm64", stageName: "base")
        #expect(try one("FROM --platform=linux/arm64 debian:12 AS Base") == .from(expected))
        #expect(try one("from scratch") == .from(FromInstruction(image: "scratch")))
    }

    @Test func continuationsJoinAndCommentsInsideThemVanish() throws {
        let text = "FROM x\nRUN a \\\n  # not here\n\n  b \\  \n c\nUSER u"
        let operations = try parse(text)
        #expect(operations[1] == .run(RunInstruction(command: .shell("a   b  c"))))
        #expect(operations[2] == .user("u"))
    }

    @Test func instructionsKnowTheirLines() throws {
        let file = try Dockerfile(Array("# c\n\nFROM x\nRUN a \\\n b\nRUN <<E\nx\nE\nCMD y".utf8))
        #expect(file.instructions.map(\.position.line) == [3, 4, 6, 9])
        #expect(file.instructions.map(\.lastLine) == [3, 5, 8, 9])
    }

    @Test func theEscapeDirectiveChangesTheEscape() throws {
        let operations = try parse("# escape=`\n# syntax=docker/dockerfile:1\nFROM x\nRUN a `\n b\\\nUSER u")
        #expect(operations.count == 3)
        #expect(operations[1] == .run(RunInstruction(command: .shell("a  b\\"))))
    }

    @Test func aDirectiveAfterACommentIsAComment() throws {
        #expect(try parse("# hello\n# escape=`\nFROM x\nRUN a \\\nb").count == 2)
    }

    @Test func commandsHaveTwoForms() throws {
        #expect(try one(#"CMD ["a", "b\n\u00e4\ud83d\ude00"]"#) == .cmd(.exec(["a", "b\nä😀"])))
        #expect(try one(#"CMD ["a", 'b']"#) == .cmd(.shell(#"["a", 'b']"#)))
        #expect(try one("ENTRYPOINT exec top -b") == .entrypoint(.shell("exec top -b")))
        #expect(try one(#"SHELL ["/bin/bash", "-c"]"#) == .shell(["/bin/bash", "-c"]))
    }

    @Test func environmentHasTwoForms() throws {
        #expect(try one("ENV A b  c") == .env([NamedValue(name: "A", value: "b  c")]))
        let pairs = [
            NamedValue(name: "A", value: "1"), NamedValue(name: "B", value: "\"x y\""),
            NamedValue(name: "C", value: "p\\ q"),
        ]
        #expect(try one("ENV A=1 B=\"x y\" C=p\\ q") == .env(pairs))
        #expect(
            try one("ARG A B=2")
                == .arg([ArgDeclaration(name: "A"), ArgDeclaration(name: "B", defaultValue: "2")]))
    }

    @Test func healthChecksHaveFlags() throws {
        var check = HealthcheckInstruction(command: .shell("curl -f http://localhost"))
        check.interval = 90_000_000_000
        check.retries = 3
        #expect(
            try one("HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f http://localhost")
                == .healthcheck(check))
        #expect(try one("HEALTHCHECK NONE") == .healthcheck(nil))
    }

    @Test func runTakesMounts() throws {
        let text =
            "RUN --mount=type=cache,target=/c,sharing=locked,id=x --mount=src=a,target=b,rw --network=none make"
        guard case .run(let run) = try one(text) else { throw BuildError(.system, "no RUN") }
        #expect(run.mounts.count == 2)
        #expect(run.mounts[0].kind == .cache && run.mounts[0].sharing == .locked && run.mounts[0].id == "x")
        #expect(run.mounts[1].kind == .bind && run.mounts[1].source == "a" && !run.mounts[1].isReadOnly)
        #expect(run.network == RunInstruction.Network.none)
        #expect(run.command == .shell("make"))
    }

    @Test func copyTakesFlagsAndBothForms() throws {
        guard
            case .copy(let copy) = try one(
                "COPY --from=b --chown=1:2 --chmod=u+x --link --exclude=*.o a c /d/")
        else { throw BuildError(.system, "no COPY") }
        #expect(copy.from == "b" && copy.owner == "1:2" && copy.mode == "u+x" && copy.isLinked)
        #expect(copy.sources == ["a", "c"] && copy.destination == "/d/" && copy.excludes == ["*.o"])
        guard case .copy(let spaced) = try one(#"COPY ["a b", "/c d"]"#) else {
            throw BuildError(.system, "no COPY")
        }
        #expect(spaced.sources == ["a b"] && spaced.destination == "/c d")
    }

    @Test func heredocsGoToRunAndCopy() throws {
        let operations = try parse(
            "FROM x\nRUN <<-A cat - <<'B'\n\tone\n\tA\n$two\nB\nCOPY <<f <<\"g\" /d/\n1\nf\n2\ng\n")
        guard case .run(let run) = operations[1], case .copy(let copy) = operations[2] else {
            throw BuildError(.system, "no heredocs")
        }
        #expect(run.heredocs.map(\.name) == ["A", "B"])
        #expect(run.heredocs.map { String(decoding: $0.content, as: UTF8.self) } == ["one\n", "$two\n"])
        #expect(run.heredocs.map(\.expands) == [true, false])
        #expect(copy.heredocs.map(\.name) == ["f", "g"] && copy.sources.isEmpty && copy.destination == "/d/")
    }

    @Test func aQuotedArrowIsNoHeredoc() throws {
        #expect(try parse("FROM x\nRUN echo \"<<EOF\" '<<X'\nUSER u").count == 3)
    }

    @Test func commentsAndStringsKeepTheirHash() throws {
        #expect(try parse("FROM x\nRUN echo # a\n")[1] == .run(RunInstruction(command: .shell("echo # a"))))
    }
}
