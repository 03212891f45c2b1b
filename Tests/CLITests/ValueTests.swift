import CLI
import Model
import Testing

/// What users write after options, as values.
@Suite struct ValueTests {
    @Test(arguments: [
        ("80", [PortMapping(containerPort: 80)]),
        ("8080:80", [PortMapping(hostPort: 8080, containerPort: 80)]),
        ("53:53/udp", [PortMapping(hostPort: 53, containerPort: 53, transport: .udp)]),
        ("127.0.0.1:8080:80", [PortMapping(hostAddress: "127.0.0.1", hostPort: 8080, containerPort: 80)]),
        ("0.0.0.0::80", [PortMapping(hostAddress: "0.0.0.0", containerPort: 80)]),
        ("[::1]:8080:80", [PortMapping(hostAddress: "::1", hostPort: 8080, containerPort: 80)]),
        (
            "8000-8001:80-81",
            [PortMapping(hostPort: 8000, containerPort: 80), PortMapping(hostPort: 8001, containerPort: 81)]
        ),
        ("90-91", [PortMapping(containerPort: 90), PortMapping(containerPort: 91)]),
    ])
    func `a published port is read`(text: String, expected: [PortMapping]) throws {
        #expect(try PortOption.parse(text) == expected)
    }

    @Test(arguments: [
        "", "0", "65536", "http", "80:", "80/icmp", "8000-8002:80-81", "a.b.c.d:1:2", "[::1:80:80", "1:2:3:4",
        "-1",
        "9-8", "[host]:1:2",
    ])
    func `a bad port is refused`(text: String) {
        #expect(throws: Failure.self) { try PortOption.parse(text) }
    }

    @Test func `exposed ports are counted out`() throws {
        #expect(try PortOption.exposed("7000-7001/udp") == ["7000/udp", "7001/udp"])
        #expect(try PortOption.exposed("80") == ["80/tcp"])
    }

    @Test func `a volume is a path, a name or nothing before the target`() throws {
        let absolute: (String) -> String = { $0.hasPrefix("/") ? $0 : "/here/" + $0 }
        let bind = try MountOption.volume("./src:/src:ro,rslave", absolute: absolute)
        #expect(bind.kind == .bind && bind.source == "/here/./src" && bind.target == "/src")
        #expect(bind.isReadOnly && bind.propagation == "rslave" && bind.createsSource)
        let named = try MountOption.volume("data:/var/lib/x", absolute: absolute)
        #expect(named.kind == .volume && named.source == "data" && !named.createsSource)
        let anonymous = try MountOption.volume("/cache", absolute: absolute)
        #expect(anonymous.kind == .volume && anonymous.source.isEmpty && anonymous.target == "/cache")
    }

    @Test(arguments: ["", "data", "data:", ":/x", "a:b", "data:/", "a:/b:c:d", "a:/b:fast", "data:/x:rslave"])
    func `a bad volume is refused`(text: String) {
        #expect(throws: Failure.self) { try MountOption.volume(text) { $0 } }
    }

    @Test func `a mount is read field by field`() throws {
        let text =
            "type=volume,src=data,dst=/d,readonly,volume-subpath=a/b,\"volume-opt=o=addr=1,rw\",volume-nocopy"
        let mount = try MountOption.mount(text) { $0 }
        #expect(mount.source == "data" && mount.target == "/d" && mount.isReadOnly && mount.subpath == "a/b")
        #expect(mount.volumeOptions == ["o": "addr=1,rw"] && mount.copiesNothing)
        let memory = try MountOption.mount("type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1770") { $0 }
        #expect(memory.tmpfsSize == 64 << 20 && memory.tmpfsMode == 0o1770)
    }

    @Test(arguments: [
        "type=nfs,target=/x", "type=bind,target=/x", "source=a", "type=tmpfs,target=x",
        "target=/x,colour=red",
        "type=tmpfs,target=/x,tmpfs-mode=9", "target=/x,readonly=maybe", "target=/x,\"src=a",
    ])
    func `a bad mount is refused`(text: String) {
        #expect(throws: Failure.self) { try MountOption.mount(text) { $0 } }
    }

    @Test(
        arguments: [
            ("512", 512), ("1k", 1024), ("1.5g", 3 << 29), ("256M", 256 << 20), ("2GiB", 2 << 30),
            ("10b", 10),
        ] as [(String, Int64)])
    func `a size is read`(text: String, bytes: Int64) throws {
        #expect(try Amount.bytes(text, option: "-m") == bytes)
    }

    @Test(arguments: ["", "m", "-1", "1x", "1e3", "99999999999t", "1.2.3"])
    func `a bad size is refused`(text: String) {
        #expect(throws: Failure.self) { try Amount.bytes(text, option: "-m") }
    }

    @Test func `times and processors are read`() throws {
        #expect(try Amount.nanoseconds("1m30s", option: "-") == 90_000_000_000)
        #expect(try Amount.nanoseconds("500ms", option: "-") == 500_000_000)
        #expect(throws: Failure.self) { try Amount.nanoseconds("30", option: "-") }
        #expect(throws: Failure.self) { try Amount.nanoseconds("", option: "-") }
        #expect(try Amount.nanoCPUs("0.5") == 500_000_000)
        #expect(throws: Failure.self) { try Amount.nanoCPUs("nan") }
        #expect(throws: Failure.self) { try Amount.nanoCPUs("0") }
    }

    @Test func `moments are read in their three forms`() throws {
        #expect(try TimeOption.parse("1764082201", option: "-") == 1_764_082_201_000_000_000)
        #expect(try TimeOption.parse("2025-11-25T14:50:01Z", option: "-") == 1_764_082_201_000_000_000)
        #expect(try TimeOption.parse("2025-11-25T16:50:01+02:00", option: "-") == 1_764_082_201_000_000_000)
        #expect(try TimeOption.parse("10m", option: "-", now: 1000) == 400_000_000_000)
        #expect(throws: Failure.self) { try TimeOption.parse("yesterday", option: "-") }
    }

    @Test func `limits are read`() throws {
        #expect(
            try LimitOption.ulimit("nofile=1024:4096")
                == ResourceLimit(name: "nofile", soft: 1024, hard: 4096))
        #expect(try LimitOption.ulimit("core=unlimited") == ResourceLimit(name: "core", soft: -1, hard: -1))
        for bad in ["nofile", "files=1", "nofile=5:1", "nofile=a", "nofile=1:2:3", "nproc=-1:5"] {
            #expect(throws: Failure.self) { try LimitOption.ulimit(bad) }
        }
        #expect(try LimitOption.restart("on-failure:3") == RestartPolicy(.onFailure, maximumRetries: 3))
        for bad in ["sometimes", "always:3", "on-failure:x", ""] {
            #expect(throws: Failure.self) { try LimitOption.restart(bad) }
        }
    }

    @Test func `devices and rates are read`() throws {
        let device = try LimitOption.device("/dev/fuse:rw")
        #expect(
            device.hostPath == "/dev/fuse" && device.containerPath == "/dev/fuse"
                && device.permissions == "rw")
        #expect(try LimitOption.device("/dev/a:/dev/b").containerPath == "/dev/b")
        #expect(throws: Failure.self) { try LimitOption.device("fuse") }
        #expect(try LimitOption.rate("/dev/sda:1m", option: "-", isSize: true).rate == 1 << 20)
        #expect(throws: Failure.self) { try LimitOption.rate("/dev/sda", option: "-", isSize: true) }
        #expect(throws: Failure.self) { try LimitOption.rate("/dev/sda:-1", option: "-", isSize: false) }
    }

    @Test func `files of variables keep what is meant`() throws {
        let text = "\u{feff}# remark\n\nA=1\r\n  B=two words # and more\nHERE\nGONE\n"
        let lines = try KeyValue.lines(of: text, file: "f") { $0 == "HERE" ? "yes" : nil }
        #expect(lines == ["A=1", "B=two words # and more", "HERE=yes"])
        #expect(throws: Failure.self) { try KeyValue.lines(of: "a b=1", file: "f") { _ in nil } }
        #expect(
            try KeyValue.environment(["A=1=2", "B", "C"]) { $0 == "B" ? "" : nil } == ["A=1=2", "B=", "C"])
    }

    @Test func `a network may carry its endpoint`() throws {
        let plain = try NetworkChoice(parsing: "container:abc")
        #expect(plain.name == "container:abc" && plain.endpoint == EndpointSpec())
        let full = try NetworkChoice(parsing: "name=back,alias=db,alias=sql,ip=10.0.0.5")
        #expect(full.name == "back" && full.endpoint.aliases == ["db", "sql"])
        #expect(full.endpoint.ipv4Address == "10.0.0.5")
        #expect(throws: Failure.self) { try NetworkChoice(parsing: "alias=db") }
        #expect(throws: Failure.self) { try NetworkChoice(parsing: "name=a,colour=red") }
    }

    @Test func `detach keys are found however they arrive`() throws {
        var keys = DetachKeys.standard
        #expect(keys.take([0x61, 0x10]) == ([0x61], false))
        #expect(keys.take([0x62]) == ([0x10, 0x62], false))
        #expect(keys.take([0x10, 0x10]) == ([0x10], false))
        #expect(keys.take([0x11, 0x63]) == ([], true))
        var letters = try DetachKeys(parsing: "ctrl-e,x")
        #expect(letters.take([5, 0x78]).leaves)
        var none = try DetachKeys(parsing: "")
        #expect(none.take([0x10, 0x11]) == ([0x10, 0x11], false))
        #expect(throws: Failure.self) { try DetachKeys(parsing: "ctrl-1") }
        #expect(throws: Failure.self) { try DetachKeys(parsing: "ab") }
    }

    @Test func `hosts of the daemon are read`() throws {
        #expect(try DaemonAddress(parsing: "unix:///run/x.sock") == .unix("/run/x.sock"))
        #expect(try DaemonAddress(parsing: "tcp://[::1]:2375") == .tcp(host: "::1", port: 2375))
        for bad in [
            "", "x.sock", "unix://x", "http://a:1", "tcp://a", "tcp://a:0",
            "/" + String(repeating: "a", count: 108),
        ] {
            #expect(throws: Failure.self) { try DaemonAddress(parsing: bad) }
        }
    }
}
