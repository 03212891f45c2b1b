import Catalogue
import Testing

@Suite struct AptSourcesTests {
    @Test func `one-line sources are read with options, comments and source packages`() {
        let sources = AptSources.parseList(
            """
            # the archive
            deb http://mirror.example/debian bookworm main contrib  # trailing words
            deb [ arch=amd64 signed-by=/usr/share/keyrings/a.gpg ] https://b.example/debian/ trixie main
            deb [arch=amd64] http://c.example/debian sid main
            deb-src http://mirror.example/debian bookworm main
            deb http://short.example
            deb [unclosed http://d.example/debian sid main
            """)
        #expect(
            sources == [
                AptSource(
                    uri: "http://mirror.example/debian", suites: ["bookworm"],
                    components: ["main", "contrib"]),
                AptSource(uri: "https://b.example/debian/", suites: ["trixie"], components: ["main"]),
                AptSource(uri: "http://c.example/debian", suites: ["sid"], components: ["main"]),
            ])
    }

    @Test func `stanzas are read with continued fields, several addresses and switched-off entries`() {
        let sources = AptSources.parseStanzas(
            """
            Types: deb deb-src
            # a comment between fields
            URIs: http://a.example/debian http://b.example/debian
            Suites: bookworm
             bookworm-updates
            Components: main
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             x: y

            Types: deb
            Enabled: no
            URIs: http://off.example/debian
            Suites: bookworm
            Components: main

            Types: deb-src
            URIs: http://source.example/debian
            Suites: bookworm
            Components: main
            """)
        let suites = ["bookworm", "bookworm-updates"]
        #expect(
            sources == [
                AptSource(uri: "http://a.example/debian", suites: suites, components: ["main"]),
                AptSource(uri: "http://b.example/debian", suites: suites, components: ["main"]),
            ])
    }

    @Test(arguments: [
        (AptSource(uri: "http://a.example/debian", suites: ["bookworm"], components: ["main"]), true),
        (
            AptSource(
                uri: "http://a.example/debian-security", suites: ["bookworm-security"], components: ["main"]),
            false
        ),
        (AptSource(uri: "http://a.example/tool", suites: ["nodistro"], components: ["contrib"]), false),
        (AptSource(uri: "http://a.example/flat", suites: ["./"], components: ["main"]), false),
    ])
    func `only archives with Debian's releases are asked`(source: AptSource, isAsked: Bool) {
        #expect(source.mayCarryDebian == isAsked)
    }
}
