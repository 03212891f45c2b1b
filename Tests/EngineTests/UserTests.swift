import Glibc
import Testing

@testable import Engine

struct UserTests {
    private let lookup = UserLookup(
        passwd: """
            root:x:0:0:root:/root:/bin/sh
            # a comment
            broken:line
            web:x:1000:1001:Web:/srv/web:/bin/sh
            """,
        group: """
            root:x:0:
            web:x:1001:
            video:x:44:root,web
            audio:x:29:web
            """)

    @Test func namesNumbersAndNothing() throws {
        #expect(try lookup.resolve("") == ResolvedUser(uid: 0, gid: 0, additionalGroups: [44], home: "/root"))
        #expect(
            try lookup.resolve("web")
                == ResolvedUser(uid: 1000, gid: 1001, additionalGroups: [44, 29], home: "/srv/web"))
        #expect(try lookup.resolve("1000") == lookup.resolve("web"))
        #expect(try lookup.resolve("4242") == ResolvedUser(uid: 4242, gid: 0, home: "/"))
    }

    @Test func aGroupReplacesTheUsersOwn() throws {
        #expect(try lookup.resolve("web:video") == ResolvedUser(uid: 1000, gid: 44, home: "/srv/web"))
        #expect(try lookup.resolve("7:9") == ResolvedUser(uid: 7, gid: 9, home: "/"))
        #expect(try lookup.resolve("7", additional: ["audio", "5"]).additionalGroups == [29, 5])
    }

    @Test(arguments: ["nobody", "web:nobody", "4294967295", "-1", "1:x"]) func unknownOnesAreRefused(
        text: String
    ) {
        #expect(throws: EngineError.self) { try lookup.resolve(text) }
    }

    @Test func theTopmostLayerDecides() throws {
        let top = try TemporaryFolder()
        let base = try TemporaryFolder()
        try top.write("etc/group", "x:x:5:\n")
        try base.write("etc/passwd", "web:x:7:7::/:/bin/sh\n")
        try base.write("etc/group", "y:x:6:\n")
        let files = ImageFiles(folders: [top.path, base.path])
        #expect(try files.users.resolve("web:x").gid == 5)
        #expect(throws: EngineError.self) { try files.users.resolve("web:y") }
    }

    @Test func aLinkInALayerLeadsNowhereElse() throws {
        let layer = try TemporaryFolder()
        let outside = try TemporaryFolder()
        try outside.write("passwd", "evil:x:0:0::/:/bin/sh\n")
        try layer.write("etc/empty", "")
        symlink(outside.file("passwd"), layer.file("etc/passwd"))
        #expect(ImageFiles(folders: [layer.path]).bytes("etc/passwd") == nil)
    }
}
