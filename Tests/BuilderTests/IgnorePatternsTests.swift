import Testing

@testable import Builder

struct IgnorePatternsTests {
    @Test(arguments: [
        ("*.o", "a.o", true), ("*.o", "d/a.o", false), ("**/*.o", "d/a.o", true), ("**/*.o", "a.o", true),
        ("/node_modules/", "node_modules/x/y", true), ("node_modules", "src/node_modules", false),
        ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true), ("a/**", "a/x", true), ("a/**", "a", false),
        ("**", "anything/at/all", true), ("temp?", "temps", true), ("temp?", "temp", false),
        ("*/temp*", "somedir/temporary.txt", true), ("*/*/temp*", "some/dir/temp", true),
        ("[a-c].txt", "b.txt", true), ("[^a-c].txt", "b.txt", false), ("a\\*", "a*", true),
        ("a\\*", "ab", false),
        ("# *.o", "a.o", false), ("./x/../y", "y", true), ("", "x", false), ("  x  ", "x", true),
        ("*.md\n!README.md", "README.md", false), ("*.md\n!README.md", "x.md", true),
        ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true),
        ("*\n!src/keep", "src/keep", false), ("*\n!src/keep", "src/other", true), ("d\n!d/e", "d/e/f", false),
    ])
    func pathsAreKeptOut(_ patterns: String, _ path: String, _ expected: Bool) throws {
        let ignored = try IgnorePatterns(Array(patterns.utf8), name: ".dockerignore")
        #expect(ignored.excludes(path.split(separator: "/").map(String.init)) == expected)
    }

    @Test func aBrokenPatternNamesItsLine() {
        let error = #expect(throws: BuildError.self) {
            try IgnorePatterns(Array("*.o\n[a".utf8), name: ".dockerignore")
        }
        #expect(error?.description.contains(".dockerignore:2:") == true)
    }
}

struct FileModeChangeTests {
    @Test(arguments: [
        ("755", 0o600, false, 0o755), ("0", 0o777, false, 0), ("4755", 0, false, 0o4755),
        ("u+x", 0o644, false, 0o744), ("go-r", 0o644, false, 0o600), ("a=r", 0o777, false, 0o444),
        ("u=rwx,go=rx", 0, false, 0o755), ("+x", 0o600, false, 0o711), ("a+X", 0o644, false, 0o644),
        ("a+X", 0o644, true, 0o755), ("a+X", 0o744, false, 0o755), ("u+s", 0o755, false, 0o4755),
        ("g+s", 0o755, true, 0o2755), ("+t", 0o777, true, 0o1777), ("u+rw-x", 0o100, false, 0o600),
    ])
    func modesChange(_ text: String, _ mode: Int, _ isFolder: Bool, _ expected: Int) throws {
        let change = try #require(FileModeChange(text))
        #expect(change.applied(to: UInt32(mode), isDirectory: isFolder) == UInt32(expected))
    }

    @Test(arguments: ["", "8", "77777", "u", "u+q", "x+u", "u+x,", "755x", "-", "rwx"])
    func otherTextIsRefused(_ text: String) {
        if text != "-" { #expect(FileModeChange(text) == nil) }
    }

    @Test(arguments: [
        ("30s", 30_000_000_000), ("1m30s", 90_000_000_000), ("1.5h", 5_400_000_000_000), ("2ms", 2_000_000),
    ])
    func durationsAreGos(_ text: String, _ expected: Int64) { #expect(GoDuration.parse(text) == expected) }

    @Test(arguments: ["", "5", "s", "1x", "-1s", "1m30", "999999999h"])
    func otherDurationsAreRefused(_ text: String) { #expect(GoDuration.parse(text) == nil) }
}
