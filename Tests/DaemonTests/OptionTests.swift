import Testing

@testable import Daemon

struct OptionTests {
    @Test func valuesComeBehindASpaceOrAnEqualsSign() throws {
        let options = try DaemonOptions(
            parsing: ["--data", "/d", "--run=/r", "--log-level=debug", "--detach", "--ready-fd", "5"])
        #expect(options.data == "/d" && options.run == "/r" && options.logLevel == "debug")
        #expect(options.isDetached && options.readyDescriptor == 5)
    }

    @Test(arguments: [
        ["--nonsense"], ["--data"], ["--data", "relative"], ["--log-level", "loud"], ["--ready-fd", "1"],
        ["--host", "http://x"], ["--detach=yes"], ["--host", "unix://relative"], ["word"],
        ["--host", "tcp://127.0.0.1:99999"],
    ])
    func whatMakesNoSenseIsRefused(_ words: [String]) {
        let error = #expect(throws: DaemonError.self) { try DaemonOptions(parsing: words) }
        #expect(error?.kind == .invalid)
    }

    @Test func tcpWithoutAGuardIsRefused() throws {
        let open = ["--host", "tcp://127.0.0.1:2376"]
        #expect(throws: DaemonError.self) { try DaemonOptions(parsing: open) }
        #expect(throws: DaemonError.self) { try DaemonOptions(parsing: open + ["--tlscacert", "/ca"]) }
        let token = try DaemonOptions(parsing: open + ["--token-file", "/t"])
        #expect(
            try token.addresses() == [
                GuardedAddress(.tcp(host: "127.0.0.1", port: 2376), .token(file: "/t"))
            ])
        let tls = try DaemonOptions(
            parsing: open + ["--tlscacert=/ca", "--tlscert=/c", "--tlskey=/k", "--token-file=/t"])
        #expect(
            try tls.addresses().first?.guardian
                == .certificates(authority: "/ca", certificate: "/c", key: "/k"))
    }

    @Test func foldersFollowTheUser() {
        let none = DaemonOptions()
        let root = DaemonFolders(none, user: 0) { _ in nil }
        #expect(root.data == "/var/lib/vivarium" && root.run == "/run/vivarium")
        let table = ["XDG_RUNTIME_DIR": "/x", "XDG_DATA_HOME": "/y", "HOME": "/h"]
        let user = DaemonFolders(none, user: 1000) { table[$0] }
        #expect(user.data == "/y/vivarium" && user.run == "/x/vivarium")
        let bare = DaemonFolders(none, user: 987_654) { $0 == "HOME" ? "/h" : nil }
        #expect(bare.data == "/h/.local/share/vivarium" && bare.run == "/tmp/vivarium-987654")
    }

    @Test func addressesAreParsed() {
        #expect(ListenAddress("unix:///run/d.sock") == .unix("/run/d.sock"))
        #expect(ListenAddress("tcp://[::1]:2376") == .tcp(host: "::1", port: 2376))
        #expect(ListenAddress("tcp://:2376") == nil && ListenAddress("tcp://host") == nil)
        #expect(ListenAddress("unix:///" + String(repeating: "a", count: 107)) == nil)
    }

    @Test func onlyCodeOfTheProgramItselfIsGivenBack() {
        let line = "7f0000001000-7f0000003000 r-xp 00001000 08:01 42    /usr/bin/vivd\n"
        #expect(IdlePages.range(in: line, of: "/usr/bin/vivd") == 0x7f00_0000_1000..<0x7f00_0000_3000)
        #expect(IdlePages.range(in: line, of: "/usr/bin/viv") == nil)
        #expect(IdlePages.range(in: line.replacing("r-xp", with: "r--p"), of: "/usr/bin/vivd") == nil)
        #expect(
            IdlePages.range(in: "", of: "") == nil && IdlePages.range(in: "a b c d e f", of: "f") == nil
        )
    }

    @Test func codeIsGivenBackWhenTheDaemonIsIdleAndWasNotBefore() {
        let pause = Duration.seconds(30)
        var activity = IdlePages.Activity(released: .milliseconds(500))
        // Nothing was done since; at work; then idle, with what was at work still resident.
        let used: [Duration] = [.milliseconds(501), .seconds(9), .milliseconds(9010)]
        #expect(used.map { activity.isTimeToRelease($0, after: pause) } == [false, false, true])
        activity.released = .milliseconds(9010)
        let isAgain = activity.isTimeToRelease(.milliseconds(9015), after: pause)
        #expect(!isAgain)
    }

    @Test func theHelpNamesEveryOption() {
        for option in [
            "--data", "--run", "--host", "--tlscacert", "--tlscert", "--tlskey", "--token-file",
            "--default-publish-address", "--insecure-registry", "--log-level", "--pidfile", "--ready-fd",
            "--detach", "--foreground", "--version", "--help",
        ] { #expect(DaemonHelp.text.contains(option), "\(option)") }
    }
}
