import Model
import Testing

@testable import Daemon

struct ContainerBodyTests {
    private static func spec(_ text: String) throws -> ContainerSpec {
        try ContainerBody.spec(try JSON(parsing: text.utf8))
    }

    private static let full = #"""
        {"Hostname":"h","User":"1:2","Tty":true,"OpenStdin":true,"StdinOnce":true,"Env":["A=1"],
         "Cmd":["sh","-c","x"],"Entrypoint":"/e","Image":"debian:12","WorkingDir":"/w","Labels":{"l":"v"},
         "ExposedPorts":{"80/tcp":{},"53/udp":{}},"Volumes":{"/anon":{}},"StopSignal":"SIGINT","StopTimeout":3,
         "Healthcheck":{"Test":["CMD","x"],"Interval":1000000000,"Retries":2},"MacAddress":null,
         "HostConfig":{"Binds":["/src:/dst:ro,rslave","vol:/v:nocopy"],"Memory":67108864,"NanoCpus":500000000,
          "PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}],"53/udp":[{"HostPort":""}]},
          "RestartPolicy":{"Name":"on-failure","MaximumRetryCount":4},"CapAdd":["NET_ADMIN"],"CapDrop":null,
          "Tmpfs":{"/t":"size=1m"},"Ulimits":[{"Name":"nofile","Soft":10,"Hard":20}],"PidsLimit":-1,
          "Mounts":[{"Type":"tmpfs","Target":"/m","TmpfsOptions":{"SizeBytes":4096,"Mode":448}}],
          "Init":true,"ShmSize":1048576,"NetworkMode":"n","ExtraHosts":["a:1.2.3.4"],"Dns":["9.9.9.9"],
          "ReadonlyRootfs":true,"MemorySwappiness":-1,"Devices":[{"PathOnHost":"/dev/fuse"}],
          "LogConfig":{"Type":"","Config":{"max-size":"1m"}},"ConsoleSize":[24,80],"Unknown":{"x":[1]}},
         "NetworkingConfig":{"EndpointsConfig":{"n":{"Aliases":["web"],"IPAMConfig":{"IPv4Address":"10.1.2.3"}}}}}
        """#

    @Test func aFullBodyBecomesASpecification() throws {
        let spec = try Self.spec(Self.full)
        #expect(spec.entrypoint == ["/e"] && spec.command == ["sh", "-c", "x"] && spec.hasTerminal)
        #expect(spec.resources.memory == 64 << 20 && spec.resources.nanoCPUs == 500_000_000)
        #expect(spec.resources.processes == nil && spec.resources.memorySwappiness == nil)
        #expect(spec.restart == RestartPolicy(.onFailure, maximumRetries: 4))
        #expect(spec.mounts.map(\.target) == ["/dst", "/v", "/m", "/t", "/anon"])
        #expect(spec.mounts[0].isReadOnly && spec.mounts[0].propagation == "rslave")
        #expect(spec.mounts[1].kind == .volume && spec.mounts[1].copiesNothing)
        #expect(spec.network.mode == "n" && spec.network.endpoints["n"]?.aliases == ["web"])
        #expect(
            Set(spec.network.ports) == [
                PortMapping(hostAddress: "127.0.0.1", hostPort: 8080, containerPort: 80),
                PortMapping(containerPort: 53, transport: .udp),
            ])
        #expect(spec.limits == [ResourceLimit(name: "nofile", soft: 10, hard: 20)])
        #expect(spec.logging == LoggingSpec(options: ["max-size": "1m"]))
        #expect(spec.terminalSize == TerminalSize(rows: 24, columns: 80))
        #expect(spec.healthCheck?.interval == 1_000_000_000 && spec.usesInit && spec.hasReadOnlyRoot)
    }

    @Test func anImageIsEnough() throws {
        #expect(try Self.spec(#"{"Image":"x"}"#) == ContainerSpec(image: "x"))
    }

    @Test(arguments: [
        #"{}"#, #"{"Image":7}"#, #"{"Image":"x","HostConfig":[]}"#,
        #"{"Image":"x","HostConfig":{"Binds":["a:b"]}}"#,
        #"{"Image":"x","HostConfig":{"Binds":["/a:/b:what"]}}"#,
        #"{"Image":"x","HostConfig":{"Binds":["::"]}}"#,
        #"{"Image":"x","HostConfig":{"PortBindings":{"0":[]}}}"#,
        #"{"Image":"x","HostConfig":{"PortBindings":{"80/sctp":[]}}}"#,
        #"{"Image":"x","HostConfig":{"PortBindings":{"80":[{"HostPort":"99999"}]}}}"#,
        #"{"Image":"x","HostConfig":{"RestartPolicy":{"Name":"sometimes"}}}"#,
        #"{"Image":"x","HostConfig":{"AutoRemove":true,"RestartPolicy":{"Name":"always"}}}"#,
        #"{"Image":"x","HostConfig":{"NanoCpus":1,"CpuQuota":1}}"#,
        #"{"Image":"x","HostConfig":{"BlkioWeight":5}}"#, #"{"Image":"x","HostConfig":{"ShmSize":-1}}"#,
        #"{"Image":"x","HostConfig":{"Mounts":[{"Type":"magic","Target":"/a"}]}}"#,
        #"{"Image":"x","HostConfig":{"Mounts":[{"Type":"bind","Source":"rel","Target":"/a"}]}}"#,
        #"{"Image":"x","HostConfig":{"Mounts":[{"Type":"volume"}]}}"#,
        #"{"Image":"x","Healthcheck":{"Test":["CMD"],"Interval":-1}}"#,
    ])
    func nonsenseIsRefusedWithTheFaultOfTheClient(_ text: String) {
        let error = #expect(throws: APIError.self) { try Self.spec(text) }
        #expect(error?.status == .badRequest)
    }

    @Test func inspectionGivesBackWhatWasAsked() throws {
        var instance = Instance(
            id: .random(), name: "n", spec: .container(try Self.spec(Self.full)), created: 1)
        instance.process.arguments = ["/e", "sh"]
        let spec = try #require(instance.containerSpec)
        let shape = ContainerShape(
            instance: instance, spec: spec,
            configuration: DaemonConfiguration(data: "/d", run: "/r", isRootless: false))
        let host = shape.json["HostConfig"]
        #expect(try host.strings("Binds") == ["/src:/dst:ro,rslave", "vol:/v:nocopy"])
        #expect(host["Tmpfs"]["/t"] == "size=1m" && host["Memory"] == .integer(64 << 20))
        #expect(host["PortBindings"]["80/tcp"] == [["HostIp": "127.0.0.1", "HostPort": "8080"]])
        #expect(
            host["Mounts"] == [
                [
                    "Type": "tmpfs", "Source": "", "Target": "/m",
                    "TmpfsOptions": ["SizeBytes": 4096, "Mode": 448],
                ]
            ])
        #expect(shape.json["Config"]["Volumes"] == ["/anon": [:]])
        #expect(shape.json["State"]["Status"] == "created" && shape.json["Name"] == "/n")
        // What was read back makes the same container.
        let again = try ContainerBody.spec(
            ["Image": "debian:12", "HostConfig": host, "Volumes": shape.json["Config"]["Volumes"]])
        #expect(Set(again.mounts.map(\.target)) == Set(spec.mounts.map(\.target)))
        #expect(again.resources == spec.resources && again.limits == spec.limits)
    }

    /// What `--tmpfs` made is told by `HostConfig` alone; a mount of type tmpfs is a mount.
    @Test func mountsAreListedWithoutThoseOfTheTmpfsOption() throws {
        let body = #"""
            {"Image":"x","HostConfig":{"Tmpfs":{"/t/":"size=1m","/u":""},
             "Mounts":[{"Type":"tmpfs","Target":"/m"},{"Type":"image","Source":"i","Target":"/i",
              "ImageOptions":{"Subpath":"a"}}]}}
            """#
        let spec = try Self.spec(body)
        var instance = Instance(id: .random(), name: "n", spec: .container(spec), created: 1)
        instance.mounts = ["/t", "/u", "/m"].map { ResolvedMount(kind: .tmpfs, source: "tmpfs", target: $0) }
        instance.mounts.append(ResolvedMount(kind: .image, name: "i", source: "sha256:1", target: "/i"))
        let made: JSON = ["Mounts": MountBody.made(instance)]
        #expect(try made.elements("Mounts").map { $0["Destination"] } == ["/m", "/i"])
        let host = HostShape.json(spec)
        #expect(host["Tmpfs"] == ["/t/": "size=1m", "/u": ""])
        #expect(try host.elements("Mounts").map { $0["Type"] } == ["tmpfs", "image"])
        #expect(try host.elements("Mounts").last?["ImageOptions"] == ["Subpath": "a"])
        #expect(try MountBody.mounts(host, volumes: .null) == spec.mounts)
    }

    @Test func aBodyWithAnyByteChangedIsReadOrRefused() throws {
        let original = Array(Self.full.utf8)
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = Generator(state: seed)
        for _ in 0..<3000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &generator)], at: index)
                }
            }
            do {
                _ = try ContainerBody.spec(try JSON(parsing: bytes))
            } catch {
                #expect(error is APIError && (error as? APIError)?.status == .badRequest, "seed \(seed)")
            }
        }
    }
}

/// splitmix64
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
