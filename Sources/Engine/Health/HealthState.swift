import Model

/// What a series of health checks says about an instance (Docker's rules). Pure: results in, state out.
struct HealthState: Equatable, Sendable {
    /// Results that are kept.
    static let logLength = 5

    let check: HealthCheck
    private(set) var health = Instance.Health.starting
    private(set) var failures = 0
    private(set) var log: [HealthResult] = []

    init(_ check: HealthCheck) { self.check = check }

    private static func seconds(_ nanoseconds: Int64, otherwise: Double) -> Double {
        nanoseconds > 0 ? Double(nanoseconds) / 1e9 : otherwise
    }

    var timeout: Double { Self.seconds(check.timeout, otherwise: 30) }
    var startPeriod: Double { Self.seconds(check.startPeriod, otherwise: 0) }
    private var retries: Int { check.retries > 0 ? check.retries : 3 }

    /// Seconds until the next check, `age` seconds after the start.
    func pause(age: Double) -> Double {
        let interval = Self.seconds(check.interval, otherwise: 30)
        guard health == .starting, age < startPeriod else { return interval }
        return min(Self.seconds(check.startInterval, otherwise: 5), interval)
    }

    /// Takes a result; failures in the start period count only once the instance was healthy.
    mutating func take(_ result: HealthResult, age: Double) {
        log.append(result)
        if log.count > Self.logLength { log.removeFirst(log.count - Self.logLength) }
        if result.exitCode == 0 {
            failures = 0
            health = .healthy
        } else if health != .starting || age >= startPeriod {
            failures += 1
            if failures >= retries { health = .unhealthy }
        }
    }
}
