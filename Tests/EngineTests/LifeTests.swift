import Glibc
import Model
import Testing

@testable import Engine

/// Real containers under the real runtime.
@Suite(.serialized, .enabled(if: Rig.obstacle == nil, "\(Rig.obstacle ?? "")"))
struct LifeTests {
    @Test func aContainerRunsAndItsOutputAndCodeArrive() async throws {
        try await Rig.with { rig in
            let (code, text) = try await rig.output(["sh", "-c", "echo out; echo err >&2; exit 7"])
            #expect(code == 7)
            #expect(text.contains("out\n") && text.contains("err\n"))
        }
    }

    @Test func aProgramThatIsMissingIsToldOfAndCountsAs127() async throws {
        try await Rig.with { rig in
            let id = try await rig.engine.create(rig.spec(["nothing-of-this-name"]), name: nil).id.text
            await #expect(throws: EngineError.self) { try await rig.engine.start(id) }
            let instance = try await rig.engine.inspect(id)
            #expect(instance.state == .created && instance.exitCode == 127 && !instance.error.isEmpty)
        }
    }

    @Test func stoppingAsksFirstAndThenKills() async throws {
        try await Rig.with { rig in
            let kind = try await rig.run(["sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done"])
            try await Task.sleep(for: .milliseconds(200))
            try await rig.engine.stop(kind, timeout: 10)
            #expect(try await rig.engine.inspect(kind).exitCode == 3)
            let stubborn = try await rig.run(["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"])
            try await Task.sleep(for: .milliseconds(200))
            try await rig.engine.stop(stubborn, timeout: 0)
            #expect(try await rig.engine.inspect(stubborn).exitCode == 137)
        }
    }

    @Test func pausingHoldsItStill() async throws {
        try await Rig.with { rig in
            let id = try await rig.run(["sleep", "60"])
            try await rig.engine.pause(id)
            #expect(try await rig.engine.inspect(id).state == .paused)
            await #expect(throws: EngineError.self) { try await rig.exec(id, ["true"]) }
            try await rig.engine.resume(id)
            #expect(try await rig.exec(id, ["echo", "hi"]).text == "hi\n")
        }
    }

    @Test func itGoesOnWithoutTheDaemonAndIsAdopted() async throws {
        try await Rig.with { rig in
            let staying = try await rig.run(["sh", "-c", "sleep 1; echo late; sleep 60"], name: "staying")
            let ending = try await rig.run(["sh", "-c", "sleep 0.3; exit 5"], name: "ending")
            let pid = try await rig.engine.inspect(staying).processID
            try await rig.restart { try await Task.sleep(for: .milliseconds(800)) }
            #expect(try await rig.engine.inspect("staying").state == .running)
            #expect(try await rig.engine.inspect("staying").processID == pid)
            #expect(try await rig.engine.wait(ending, .notRunning).exitCode == 5)
            let ended = try await rig.engine.inspect(ending)
            #expect(ended.state == .exited && ended.exitCode == 5)
            var query = LogQuery()
            query.follows = true
            for try await _ in try await rig.engine.logs("staying", query) { break }
            var entries: [String] = []
            for try await entry in try await rig.engine.logs("staying", LogQuery()) {
                entries.append(String(decoding: entry.bytes, as: UTF8.self))
            }
            #expect(entries == ["late\n"])
            try await rig.engine.stop("staying", timeout: 0)
            #expect(try await rig.engine.inspect("staying").exitCode == 137)
        }
    }

    @Test func restartPoliciesStartItAgain() async throws {
        try await Rig.with { rig in
            let id = try await rig.engine.create(
                rig.spec(["false"]) { $0.restart = RestartPolicy(.onFailure, maximumRetries: 2) }, name: nil
            ).id.text
            let events = try await rig.engine.events(filters: Filters(["event": ["die"]]))
            try await rig.engine.start(id)
            var deaths = 0
            for await _ in events {
                deaths += 1
                if deaths == 3 { break }
            }
            _ = try await rig.engine.wait(id, .notRunning)
            let instance = try await rig.engine.inspect(id)
            #expect(instance.restartCount == 2 && instance.state == .exited)
        }
    }

    @Test func oneThatRemovesItselfLeavesNothing() async throws {
        try await Rig.with { rig in
            let id = try await rig.engine.create(rig.spec(["true"]) { $0.removesItself = true }, name: nil).id
                .text
            let waiting = try await rig.engine.beginWait(id, .removed)
            try await rig.engine.start(id)
            #expect(try await waiting.value.exitCode == 0)
            #expect(try await rig.engine.list(all: true).isEmpty)
            #expect(access(rig.folder.file("data/containers/\(id)"), F_OK) != 0)
        }
    }

    @Test func stdinReachesTheProcessAndDetachKeysLeaveIt() async throws {
        try await Rig.with { rig in
            let id = try await rig.engine.create(
                rig.spec(["sh", "-c", "read line; echo got $line; read line"]) {
                    $0.keepsStdinOpen = true
                    $0.hasTerminal = true
                }, name: nil
            ).id.text
            var options = AttachOptions()
            options.takesStdin = true
            let session = try await rig.engine.attach(id, options)
            try await rig.engine.start(id)
            await session.send(Array("hello\n".utf8))
            var seen = ""
            while !seen.contains("got hello"), let chunk = await session.next() {
                seen += String(decoding: chunk.bytes, as: UTF8.self)
            }
            #expect(seen.contains("got hello"))
            await session.send([0x10, 0x11])
            #expect(await session.end() == .detached)
            #expect(try await rig.engine.inspect(id).state == .running)
        }
    }

    @Test func namesAreUniqueAndCanBeChanged() async throws {
        try await Rig.with { rig in
            let id = try await rig.engine.create(rig.spec(["true"]), name: "one").id.text
            await #expect { try await rig.engine.create(rig.spec(["true"]), name: "one") } throws: {
                ($0 as? EngineError)?.kind == .conflict
            }
            try await rig.engine.rename("one", to: "two")
            #expect(try await rig.engine.inspect("two").id.text == id)
            #expect(try await rig.engine.inspect(String(id.prefix(6))).name == "two")
            await #expect { try await rig.engine.inspect("one") } throws: {
                ($0 as? EngineError)?.kind == .notFound
            }
        }
    }

    @Test func healthChecksTellOfChanges() async throws {
        try await Rig.with { rig in
            let events = try await rig.engine.events(filters: Filters(["event": ["health_status"]]))
            _ = try await rig.run(["sh", "-c", "sleep 0.5; echo > /ok; sleep 60"]) {
                var check = HealthCheck(test: ["CMD-SHELL", "cat /ok && echo fine"])
                check.interval = 200_000_000
                check.retries = 1
                $0.healthCheck = check
            }
            var states: [String] = []
            for await event in events {
                states.append(event.action)
                if states.count == 2 { break }
            }
            #expect(states == ["health_status: unhealthy", "health_status: healthy"])
        }
    }

    @Test func tenAtATimeAllCome() async throws {
        try await Rig.with { rig in
            let codes = try await withThrowingTaskGroup(of: Int32.self) { group in
                let engine = rig.engine
                let spec = rig.spec(["sh", "-c", "exit 4"])
                for _ in 0..<10 {
                    group.addTask {
                        let id = try await engine.create(spec, name: nil).id.text
                        try await engine.start(id)
                        return try await engine.wait(id, .notRunning).exitCode
                    }
                }
                return try await group.reduce(into: [Int32]()) { $0.append($1) }
            }
            #expect(codes == Array(repeating: 4, count: 10))
        }
    }
}
