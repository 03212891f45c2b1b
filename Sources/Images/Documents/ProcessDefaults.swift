/// How a container of an image runs when nobody says otherwise (OCI image-spec, config.md, "config").
package struct ProcessDefaults: Codable, Equatable, Sendable {
    package var user: String?
    /// `80/tcp`; sorted.
    package var exposedPorts: [String] = []
    /// `NAME=value`
    package var environment: [String] = []
    package var entrypoint: [String]?
    package var command: [String]?
    /// Paths; sorted.
    package var volumes: [String] = []
    package var workingDirectory: String?
    package var labels: [String: String] = [:]
    package var stopSignal: String?
    /// Seconds.
    package var stopTimeout: Int?
    package var healthCheck: HealthDefaults?
    /// Dockerfile instructions for images built on this one.
    package var onBuild: [String] = []
    /// Of the shell forms in Dockerfiles.
    package var shell: [String]?
    package var argumentsAreEscaped: Bool?

    private enum CodingKeys: String, CodingKey {
        case user = "User"
        case exposedPorts = "ExposedPorts"
        case environment = "Env"
        case entrypoint = "Entrypoint"
        case command = "Cmd"
        case volumes = "Volumes"
        case workingDirectory = "WorkingDir"
        case labels = "Labels"
        case stopSignal = "StopSignal"
        case stopTimeout = "StopTimeout"
        case healthCheck = "Healthcheck"
        case onBuild = "OnBuild"
        case shell = "Shell"
        case argumentsAreEscaped = "ArgsEscaped"
    }

    /// Go's `struct{}`: sets are written as objects of these.
    private struct Nothing: Codable {}

    package init() {}

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func set(_ key: CodingKeys) throws -> [String] {
            (try values.decodeIfPresent([String: Nothing?].self, forKey: key) ?? [:]).keys.sorted()
        }
        user = try values.decodeIfPresent(String.self, forKey: .user)
        exposedPorts = try set(.exposedPorts)
        environment = try values.decodeIfPresent([String].self, forKey: .environment) ?? []
        entrypoint = try values.decodeIfPresent([String].self, forKey: .entrypoint)
        command = try values.decodeIfPresent([String].self, forKey: .command)
        volumes = try set(.volumes)
        workingDirectory = try values.decodeIfPresent(String.self, forKey: .workingDirectory)
        labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        stopSignal = try values.decodeIfPresent(String.self, forKey: .stopSignal)
        stopTimeout = try values.decodeIfPresent(Int.self, forKey: .stopTimeout)
        healthCheck = try values.decodeIfPresent(HealthDefaults.self, forKey: .healthCheck)
        onBuild = try values.decodeIfPresent([String].self, forKey: .onBuild) ?? []
        shell = try values.decodeIfPresent([String].self, forKey: .shell)
        argumentsAreEscaped = try values.decodeIfPresent(Bool.self, forKey: .argumentsAreEscaped)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        func encode(set: [String], _ key: CodingKeys) throws {
            if set.isEmpty { return }
            try values.encode(Dictionary(set.map { ($0, Nothing()) }) { first, _ in first }, forKey: key)
        }
        if user?.isEmpty == false { try values.encode(user, forKey: .user) }
        try encode(set: exposedPorts, .exposedPorts)
        if !environment.isEmpty { try values.encode(environment, forKey: .environment) }
        try values.encodeIfPresent(entrypoint, forKey: .entrypoint)
        try values.encodeIfPresent(command, forKey: .command)
        try encode(set: volumes, .volumes)
        if workingDirectory?.isEmpty == false {
            try values.encode(workingDirectory, forKey: .workingDirectory)
        }
        if !labels.isEmpty { try values.encode(labels, forKey: .labels) }
        if stopSignal?.isEmpty == false { try values.encode(stopSignal, forKey: .stopSignal) }
        try values.encodeIfPresent(stopTimeout, forKey: .stopTimeout)
        try values.encodeIfPresent(healthCheck, forKey: .healthCheck)
        if !onBuild.isEmpty { try values.encode(onBuild, forKey: .onBuild) }
        if shell?.isEmpty == false { try values.encode(shell, forKey: .shell) }
        try values.encodeIfPresent(argumentsAreEscaped, forKey: .argumentsAreEscaped)
    }
}

/// Docker's `Healthcheck`. Times in nanoseconds; `nil` and 0 mean the default.
package struct HealthDefaults: Codable, Equatable, Sendable {
    /// `["NONE"]`, `["CMD", argument…]` or `["CMD-SHELL", script]`.
    package var test: [String]?
    package var interval: Int64?
    package var timeout: Int64?
    package var startPeriod: Int64?
    package var startInterval: Int64?
    package var retries: Int?

    private enum CodingKeys: String, CodingKey {
        case test = "Test"
        case interval = "Interval"
        case timeout = "Timeout"
        case startPeriod = "StartPeriod"
        case startInterval = "StartInterval"
        case retries = "Retries"
    }

    package init(test: [String]) { self.test = test }
}
