import Glibc
import Model
import Testing

@testable import Engine

/// Real containers in real networks.
@Suite(.serialized, .enabled(if: Rig.obstacle == nil, "\(Rig.obstacle ?? "")"))
struct ConnectionTests {
    @Test func containersOfOneNetworkFindEachOtherByName() async throws {
        try await Rig.with { rig in
            var spec = NetworkSpec(name: "engine-net")
            spec.pools = [AddressPoolSpec(subnet: "10.211.77.0/24")]
            _ = try await rig.engine.createNetwork(spec)
            let server = try await rig.run(
                ["sh", "-c", "while :; do echo hi | /bin/busybox nc -l -p 8000; done"], name: "web"
            ) {
                $0.network.mode = "engine-net"
            }
            let address = try await rig.engine.inspect(server).endpoints["engine-net"]?.ipv4Address
            #expect(address?.hasPrefix("10.211.77.") == true)
            try await Task.sleep(for: .milliseconds(300))
            let (code, text) = try await rig.output(["sh", "-c", "/bin/busybox nc web 8000 < /dev/null"]) {
                $0.network.mode = "engine-net"
            }
            #expect(code == 0 && text == "hi\n")
            await #expect(throws: EngineError.self) { try await rig.engine.removeNetwork("engine-net") }
            try await rig.engine.remove(server, force: true)
            #expect(try await rig.engine.network("engine-net").endpoints.isEmpty)
        }
    }

    @Test func aPublishedPortIsReachedAndFreedAgain() async throws {
        try await Rig.with { rig in
            let command = ["sh", "-c", "while :; do echo hi | /bin/busybox nc -l -p 8000; done"]
            let id = try await rig.run(command) {
                $0.network.mode = "bridge"
                $0.network.ports = [PortMapping(containerPort: 8000)]
            }
            let port = try #require(try await rig.engine.inspect(id).ports.first)
            #expect(port.hostAddress == "127.0.0.1" && port.hostPort > 0)
            await #expect(throws: EngineError.self) {
                _ = try await rig.run(command) {
                    $0.network.mode = "bridge"
                    $0.network.ports = [PortMapping(hostPort: port.hostPort, containerPort: 8000)]
                }
            }
            try await rig.engine.stop(id, timeout: 0)
            #expect(try await rig.engine.inspect(id).ports.isEmpty)
        }
    }

    @Test func networksCanBeChangedWhileItRuns() async throws {
        try await Rig.with { rig in
            var spec = NetworkSpec(name: "engine-two")
            spec.pools = [AddressPoolSpec(subnet: "10.211.78.0/24")]
            _ = try await rig.engine.createNetwork(spec)
            let id = try await rig.run(["sleep", "60"])
            try await rig.engine.connect(id, to: "engine-two")
            #expect(try await rig.exec(id, ["ip", "addr"]).text.contains("10.211.78.2"))
            try await rig.engine.disconnect(id, from: "engine-two")
            #expect(try await !rig.exec(id, ["ip", "addr"]).text.contains("10.211.78.2"))
        }
    }
}
