import Foundation
import ProgramDriver
import Testing

/// A user without any privilege, whose daemon `viv` starts by itself.
@Suite(
    .serialized,
    .enabled(if: Nobody.canRun, "needs root to become nobody, programs that nobody may read, user namespaces")
)
struct RootlessTests {
    let nobody: Nobody

    init() throws {
        nobody = try Nobody()
        let answer = try nobody.viv("import", nobody.image.path(), Busybox.name)
        #expect(answer.code == 0, "\(answer.errors)")
    }

    @Test func theFirstCommandStartsTheDaemonAndSaysSo() throws {
        defer { nobody.end() }
        #expect(nobody.firstWords.contains("vivd"))
        let hello = try nobody.viv("run", "--rm", Busybox.name, "echo", "hello")
        #expect(hello.output == "hello\n", "\(hello.errors)")
        #expect(try nobody.viv("run", "--rm", Busybox.name, "id", "-u").output == "0\n")
        #expect(try nobody.viv("run", "--rm", Busybox.name, "sh", "-c", "exit 4").code == 4)
    }

    @Test func containersTalkByNameAndPublishPorts() throws {
        defer { nobody.end() }
        let serve = "echo 'a page' >/www/index.html; httpd -f -h /www -p 80"
        let run = try nobody.viv(
            "run", "-d", "--name", "web", "-p", "127.0.0.1:0:80", Busybox.name, "sh", "-c", serve)
        #expect(run.code == 0, "\(run.errors)")
        let port = try nobody.viv("port", "web", "80/tcp").output.split(separator: ":").last ?? ""
        let url = "http://127.0.0.1:\(port.trimmingCharacters(in: .whitespacesAndNewlines))/"
        var page = ""
        for _ in 0..<50 where page.isEmpty {
            page = try Command.run(URL(filePath: "/usr/bin/env"), ["curl", "-s", "-m", "5", url]).output
            usleep(100_000)
        }
        #expect(page == "a page\n")
        _ = try nobody.viv("network", "create", "lane")
        _ = try nobody.viv("network", "connect", "lane", "web")
        let fetched = try nobody.viv(
            "run", "--rm", "--network", "lane", Busybox.name, "wget", "-q", "-O", "-", "http://web/")
        #expect(fetched.output == "a page\n", "\(fetched.errors)")
    }

    @Test func containersTalkByTheSixthVersionOfTheProtocol() throws {
        defer { nobody.end() }
        let made = try nobody.viv("network", "create", "--ipv6", "--subnet", "fd00:76:69:76::/64", "six")
        #expect(made.code == 0, "\(made.errors)")
        let serve = "echo 'page six' >/www/index.html; httpd -f -h /www -p [::]:80"
        let run = try nobody.viv(
            "run", "-d", "--name", "web", "--network", "six", "-p", "[::1]:0:80", Busybox.name, "sh", "-c",
            serve)
        #expect(run.code == 0, "\(run.errors)")
        let shown = try nobody.viv("exec", "web", "ip", "-6", "-o", "addr", "show", "eth0").output
        let address = try #require(
            shown.split(separator: " ").first { $0.hasPrefix("fd00:76:69:76:") }?.split(separator: "/").first)
        for host in ["[\(address)]", "web"] {
            let fetched = try nobody.viv(
                "run", "--rm", "--network", "six", Busybox.name, "sh", "-c",
                "for i in 1 2 3 4 5 6 7 8 9; do wget -q -O - http://\(host)/ && exit; sleep 1; done; exit 1")
            #expect(fetched.output == "page six\n", "\(host): \(fetched.errors)")
        }
        let port = try nobody.viv("port", "web", "80/tcp").output.split(separator: ":").last ?? ""
        let url = "http://[::1]:\(port.trimmingCharacters(in: .whitespacesAndNewlines))/"
        let page = try Command.run(URL(filePath: "/usr/bin/env"), ["curl", "-g", "-s", "-m", "10", url])
        #expect(page.output == "page six\n", "\(page.errors)")
    }

    @Test func aContainerReachesItselfThroughThePortsItPublishes() throws {
        defer { nobody.end() }
        let run = try nobody.viv(
            "run", "-d", "--name", "self", "-p", "0.0.0.0:0:80", "-p", "0.0.0.0:0:53/udp", Busybox.name, "sh",
            "-c", Hairpin.server)
        #expect(run.code == 0, "\(run.errors)")
        // The gateway's address is not the host's here.
        try Hairpin.expectEchoes(of: "self", at: Hairpin.hostAddress()) { try nobody.viv($0) }
    }
}

/// The same user where everybody may make network interfaces.
@Suite(.serialized, .enabled(if: Nobody.canRun && access("/dev/net/tun", F_OK) == 0))
struct OpenTunTests {
    private static let openTun = [
        "unshare", "--mount", "--propagation", "private", "sh", "-c",
        "mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec \"$@\"", "sh",
    ]

    /// Frames take the same way as where the device is closed; containers may have interfaces of their own.
    @Test func networksWorkAndContainersMayHaveTheDevice() throws {
        let nobody = try Nobody(surroundings: Self.openTun)
        defer { nobody.end() }
        let loaded = try nobody.viv("import", nobody.image.path(), Busybox.name)
        #expect(loaded.code == 0, "\(loaded.errors)")
        _ = try nobody.viv("network", "create", "lane")
        let serve = "echo 'a page' >/www/index.html; httpd -f -h /www -p 80"
        let run = try nobody.viv(
            "run", "-d", "--name", "web", "--network", "lane", Busybox.name, "sh", "-c", serve)
        #expect(run.code == 0, "\(run.errors)")
        let fetched = try nobody.viv(
            "run", "--rm", "--network", "lane", Busybox.name, "sh", "-c",
            "for i in 1 2 3 4 5 6 7 8 9; do wget -q -O - http://web/ && exit; sleep 1; done; exit 1")
        #expect(fetched.output == "a page\n", "\(fetched.errors)")
        let device = try nobody.viv(
            "run", "--rm", "--device", "/dev/net/tun:/dev/mytun", Busybox.name, "sh", "-c",
            ": <>/dev/mytun && stat -c %t:%T /dev/mytun")
        #expect(device.output == "a:c8\n", "\(device.errors)")
    }
}

/// The user nobody with folders of its own.
final class Nobody {
    private static let id = "65534"
    private static let become = ["setpriv", "--reuid=\(id)", "--regid=\(id)", "--clear-groups"]

    static let canRun: Bool = {
        guard Requirement.isRoot, Requirement.busybox else { return false }
        let probe = become + ["unshare", "-Ur", Programs.viv.path(), "version"]
        return (try? Command.run(URL(filePath: "/usr/bin/env"), probe))?.code != nil
            && (try? Command.run(URL(filePath: "/usr/bin/env"), become + ["unshare", "-Ur", "true"]))?.code
                == 0
            && (try? Command.run(URL(filePath: "/usr/bin/env"), become + ["test", "-x", Programs.viv.path()]))?
                .code == 0
    }()

    let folder: URL
    let image: URL
    private(set) var firstWords = ""

    /// What comes before each command, as root.
    private let surroundings: [String]

    init(surroundings: [String] = []) throws {
        self.surroundings = surroundings
        folder = URL(filePath: "/tmp/vivarium-nobody-\(UUID().uuidString.prefix(8))")
        image = folder.appending(path: "busybox.tar")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "run"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: try Busybox.archive.get(), to: image)
        _ = try Command.run(
            URL(filePath: "/usr/bin/env"), ["chown", "-R", "\(Self.id):\(Self.id)", folder.path()])
        _ = try Command.run(URL(filePath: "/usr/bin/env"), ["chmod", "-R", "go-w", folder.path()])
        _ = try Command.run(
            URL(filePath: "/usr/bin/env"), ["chmod", "700", folder.appending(path: "run").path()])
        firstWords = try viv("volume", "create", "first").errors
    }

    deinit { end() }

    func viv(_ words: String...) throws -> Command { try viv(words) }

    func viv(_ words: [String]) throws -> Command {
        try Command.run(
            URL(filePath: "/usr/bin/env"), surroundings + Self.become + [Programs.viv.path()] + words,
            patience: 120,
            environment: [
                "HOME": folder.path(), "XDG_RUNTIME_DIR": folder.appending(path: "run").path(),
                "XDG_DATA_HOME": folder.appending(path: "data").path(), "VIV_HOST": "",
            ])
    }

    /// Removes what runs, ends the daemon and forgets the folders.
    func end() {
        if let all = try? viv("ps", "-aq").output.split(separator: "\n").map(String.init) {
            for id in all { _ = try? viv("rm", "-f", id) }
        }
        _ = try? Command.run(
            URL(filePath: "/usr/bin/env"), ["pkill", "-U", Self.id, "-f", folder.lastPathComponent])
        _ = try? Command.run(URL(filePath: "/usr/bin/env"), ["pkill", "-U", Self.id, "-x", "vivd"])
        try? FileManager.default.removeItem(at: folder)
    }
}
