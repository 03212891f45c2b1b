import Model
import Testing

@testable import Engine

struct RestartTests {
    private func pauses(_ count: Int, ran: Double = 0) -> [Double] {
        var backOff = RestartBackOff()
        return (0..<count).compactMap { _ in
            backOff.next(
                after: 1, ran: ran, policy: RestartPolicy(.always), restarts: 0, wasStoppedByUser: false)
        }
    }

    @Test func pausesDoubleUpToAMinute() {
        #expect(pauses(12) == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60, 60])
    }

    @Test func aGoodRunStartsOver() {
        var backOff = RestartBackOff()
        for ran in [0.0, 0, 0, 10] {
            _ = backOff.next(
                after: 1, ran: ran, policy: RestartPolicy(.always), restarts: 0, wasStoppedByUser: false)
        }
        #expect(backOff.pause == 0.1)
    }

    @Test(arguments: [
        (RestartPolicy(.no), Int32(1), 0, false, false), (RestartPolicy(.always), 0, 9, false, true),
        (RestartPolicy(.always), 0, 0, true, false), (RestartPolicy(.unlessStopped), 0, 0, false, true),
        (RestartPolicy(.onFailure), 0, 0, false, false), (RestartPolicy(.onFailure), 1, 99, false, true),
        (RestartPolicy(.onFailure, maximumRetries: 3), 1, 2, false, true),
        (RestartPolicy(.onFailure, maximumRetries: 3), 1, 3, false, false),
    ]) func policiesDecide(policy: RestartPolicy, code: Int32, restarts: Int, stopped: Bool, expected: Bool) {
        var backOff = RestartBackOff()
        let pause = backOff.next(
            after: code, ran: 1, policy: policy, restarts: restarts, wasStoppedByUser: stopped)
        #expect((pause != nil) == expected)
    }

    @Test func theDaemonsStartBringsBackWhatShouldRun() {
        var instance = Instance(
            id: .random(), name: "a", spec: .container(ContainerSpec(image: "b")), created: 0)
        #expect(!RestartBackOff.wantsStart(instance, policy: RestartPolicy(.always)))
        instance.started = 1
        #expect(RestartBackOff.wantsStart(instance, policy: RestartPolicy(.always)))
        #expect(RestartBackOff.wantsStart(instance, policy: RestartPolicy(.unlessStopped)))
        #expect(!RestartBackOff.wantsStart(instance, policy: RestartPolicy(.onFailure)))
        instance.wasStoppedByUser = true
        #expect(!RestartBackOff.wantsStart(instance, policy: RestartPolicy(.unlessStopped)))
        #expect(RestartBackOff.wantsStart(instance, policy: RestartPolicy(.always)))
    }
}

struct HealthTests {
    private func result(_ code: Int32) -> HealthResult {
        HealthResult(start: 0, end: 0, exitCode: code, output: "")
    }

    @Test func threeFailuresInARowMakeUnhealthy() {
        var state = HealthState(HealthCheck(test: ["CMD", "true"]))
        state.take(result(0), age: 1)
        #expect(state.health == .healthy)
        for expected in [Instance.Health.healthy, .healthy, .unhealthy] {
            state.take(result(1), age: 1)
            #expect(state.health == expected)
        }
        state.take(result(0), age: 1)
        #expect(state.health == .healthy && state.failures == 0)
    }

    @Test func failuresInTheStartPeriodDoNotCount() {
        var check = HealthCheck(test: ["CMD", "true"])
        check.startPeriod = 10_000_000_000
        check.retries = 1
        var state = HealthState(check)
        state.take(result(1), age: 5)
        #expect(state.health == .starting && state.pause(age: 5) == 5)
        state.take(result(1), age: 10)
        #expect(state.health == .unhealthy && state.pause(age: 11) == 30)
    }

    @Test func fiveResultsAreKept() {
        var state = HealthState(HealthCheck(test: ["CMD", "true"]))
        for code in 0..<9 { state.take(result(Int32(code)), age: 1) }
        #expect(state.log.map(\.exitCode) == [4, 5, 6, 7, 8])
    }
}
