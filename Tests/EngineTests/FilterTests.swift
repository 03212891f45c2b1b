import Model
import Testing

@testable import Engine

struct FilterTests {
    private func instance() -> Instance {
        var spec = ContainerSpec(image: "busybox")
        spec.labels = ["tier": "web", "empty": ""]
        var instance = Instance(id: .random(), name: "quiet_heron", spec: .container(spec), created: 100)
        instance.state = .exited
        instance.exitCode = 3
        instance.mounts = [ResolvedMount(kind: .volume, name: "data", source: "/v", target: "/data")]
        return instance
    }

    private func matches(_ values: [String: [String]]) throws -> Bool {
        let filter = InstanceFilter(Filters(values))
        try filter.check()
        return filter.matches(instance())
    }

    @Test(arguments: [
        ["status": ["exited"]], ["status": ["running", "exited"]], ["label": ["tier=web"]],
        ["label": ["empty"]],
        ["name": ["heron"]], ["exited": ["3"]], ["volume": ["data"]], ["volume": ["/data"]],
        ["health": ["none"]],
        ["label!": ["nothing"]], [:],
    ]) func whatHoldsMatches(values: [String: [String]]) throws {
        #expect(try matches(values))
    }

    @Test(arguments: [
        ["status": ["running"]], ["label": ["tier=db"]], ["label": ["tier=web", "other"]],
        ["name": ["^heron"]],
        ["exited": ["0"]], ["volume": ["other"]], ["health": ["healthy"]], ["label!": ["tier"]],
        ["status": ["exited"], "name": ["owl"]],
    ]) func whatDoesNotHoldDoesNotMatch(values: [String: [String]]) throws {
        #expect(try !matches(values))
    }

    @Test(arguments: [["colour": ["red"]], ["status": ["asleep"]], ["exited": ["x"]], ["health": ["fine"]]])
    func whatMeansNothingIsRefused(values: [String: [String]]) {
        #expect(throws: EngineError.self) { try InstanceFilter(Filters(values)).check() }
    }

    @Test func eventsAreFilteredByKindActionAndObject() {
        let event = Event(
            .container, "exec_create: sh", actor: "abcdef", attributes: ["name": "web", "image": "busybox"],
            time: 1)
        func matches(_ values: [String: [String]]) -> Bool { EventFilter.matches(event, Filters(values)) }
        #expect(matches(["event": ["exec_create"]]) && matches(["container": ["web"]]))
        #expect(matches(["type": ["container"], "image": ["busybox"]]) && matches(["container": ["abcd"]]))
        #expect(
            !matches(["event": ["exec"]]) && !matches(["type": ["image"]]) && !matches(["volume": ["web"]]))
        #expect(!matches(["container": ["db"]]) && !matches(["label": ["x"]]))
    }

    @Test func pruneLimitsKnowAgesAndTimes() throws {
        let limits = try PruneLimits(Filters(["until": ["1h30m"]]), now: 10_000)
        #expect(limits.allow(4_000, [:]) && !limits.allow(5_000, [:]))
        #expect(TimeText.seconds("1970-01-01T00:01:00Z", now: 0) == 60)
        #expect(TimeText.seconds("12.5", now: 0) == 12.5)
        #expect(throws: EngineError.self) { try PruneLimits(Filters(["until": ["soon"]])) }
    }
}
