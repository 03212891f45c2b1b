import Model
import Testing

@testable import Engine

/// What Docker's clients expect beyond the API's documents.
struct ClientHabitTests {
    @Test func linksBecomeVariables() {
        let variables = Engine.variables(
            alias: "my-db", path: "/web/my-db", address: "172.17.0.2", ports: ["53/udp", "5432/tcp"],
            environment: ["PATH=/bin", "HOME=/root", "USER=x", "BARE"])
        #expect(variables.first == "MY_DB_NAME=/web/my-db")
        #expect(variables.contains("MY_DB_PORT=udp://172.17.0.2:53"))
        #expect(variables.contains("MY_DB_PORT_5432_TCP=tcp://172.17.0.2:5432"))
        #expect(variables.contains("MY_DB_PORT_5432_TCP_ADDR=172.17.0.2"))
        #expect(variables.last == "MY_DB_ENV_USER=x")
    }

    @Test func aFolderThatChangedForTheEngineAloneIsNoChange() {
        let own: Set = ["etc/hosts", "etc/hostname"]
        func visible(_ changes: [FileChange]) -> [String] {
            Engine.visible(changes, own: own).map(\.path)
        }
        let etc = FileChange(.modified, "/etc")
        let hosts = FileChange(.added, "/etc/hosts")
        let file = FileChange(.added, "/etc/motd")
        let other = FileChange(.modified, "/srv")
        #expect(visible([etc, hosts, other]) == ["/srv"])
        #expect(visible([etc, hosts, file]) == ["/etc", "/etc/motd"])
    }

    @Test(arguments: ["json-file", "local", "none"]) func ownLogDriversAreTakenAsTheyAre(_ driver: String)
        throws
    {
        #expect(try Self.warnings(driver).isEmpty)
    }

    @Test func otherLogDriversAreWarnedAboutOrRefused() throws {
        #expect(try Self.warnings("syslog").count == 1)
        let error = #expect(throws: EngineError.self) { try Self.warnings("carrier-pigeon") }
        #expect(error?.description == "logger: no log driver named 'carrier-pigeon' is registered")
    }

    private static func warnings(_ driver: String) throws -> [String] {
        var spec = ContainerSpec(image: "x")
        spec.logging.driver = driver
        return try Validation.check(spec)
    }

    @Test(arguments: ["test 01", "a", "net.1", "ü"]) func networksMayHaveNearlyAnyName(_ name: String) throws
    {
        try ObjectName.checkNetwork(name)
    }

    @Test(arguments: ["", "  ", "a/b", "a\n", "\u{7f}", String(repeating: "x", count: 256)])
    func noNetworkIsNamedSo(_ name: String) {
        #expect(throws: EngineError.self) { try ObjectName.checkNetwork(name) }
    }

    @Test func primaryGroupsAreAmongTheAdditionalOnes() {
        let user = ResolvedUser(uid: 5, gid: 7, additionalGroups: [9, 7], home: "/")
        #expect(BundlePlan.user(user).additionalGids == [7, 9])
    }

    @Test func whyAProgramNeverBeganIsSaidOnce() async {
        let port = EndedPort(exitCode: 126, words: "no")
        #expect(await port.next() == .chunk(StreamChunk(.stdout, Array("no".utf8))))
        #expect(await port.next() == .end(.exited(126)))
    }
}
