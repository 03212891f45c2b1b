import Glibc
import Model
import Testing

@testable import Engine

/// A real machine under the engine.
@Suite(.serialized, .enabled(if: Rig.machineObstacle == nil, "\(Rig.machineObstacle ?? "")"))
struct MachineTests {
    @Test func aMachineLivesLikeAContainer() async throws {
        try await Rig.with { rig in
            var spec = ManagedMachineSpec(guest: "busybox")
            spec.memory = 128 << 20
            let id = try await rig.engine.create(.machine(spec), name: "box").id.text
            try await rig.engine.start(id)
            #expect(try await rig.engine.inspect("box").state == .running)
            var options = AttachOptions()
            options.takesStdin = true
            let session = try await rig.engine.attach(id, options)
            await session.send(Array("echo $((6*7))\n".utf8))
            var seen = ""
            while !seen.contains("42"), let chunk = await session.next() {
                seen += String(decoding: chunk.bytes, as: UTF8.self)
            }
            #expect(seen.contains("42"))
            session.close()
            try await rig.engine.pause(id)
            try await rig.engine.resume(id)
            try await rig.restart()
            #expect(try await rig.engine.inspect("box").state == .running)
            try await rig.engine.stop(id, timeout: 60)
            let ended = try await rig.engine.inspect(id)
            #expect(ended.state == .exited && ended.exitCode == 0)
        }
    }
}
