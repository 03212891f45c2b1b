/// What a user is told about an instance that was made.
package struct Created: Codable, Equatable, Sendable {
    package var id: InstanceID
    package var warnings: [String]

    package init(id: InstanceID, warnings: [String] = []) {
        self.id = id
        self.warnings = warnings
    }
}

/// What a client that waits is waiting for.
package enum WaitCondition: String, Codable, Sendable, CaseIterable {
    /// Answered at once when it does not run.
    case notRunning = "not-running"
    case nextExit = "next-exit"
    case removed
}

/// How the first process of an instance ended.
package struct WaitResult: Codable, Equatable, Sendable {
    package var exitCode: Int32
    /// Why it could not be waited for to the end; empty when it could.
    package var error: String

    package init(exitCode: Int32, error: String = "") {
        self.exitCode = exitCode
        self.error = error
    }
}

/// A table of processes, as ps(1) prints it.
package struct ProcessTable: Codable, Equatable, Sendable {
    package var titles: [String]
    package var processes: [[String]]

    package init(titles: [String], processes: [[String]]) {
        self.titles = titles
        self.processes = processes
    }
}

/// A path in which a container's files differ from its image's.
package struct FileChange: Codable, Equatable, Sendable {
    /// The numbers are those of Docker's API.
    package enum Kind: Int, Codable, Sendable {
        case modified = 0
        case added = 1
        case deleted = 2
    }

    package var kind: Kind
    package var path: String

    package init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }
}

/// Bytes of a container's files.
package struct InstanceSize: Codable, Equatable, Sendable {
    /// What the container itself has written.
    package var written: Int64
    /// That and its image.
    package var total: Int64

    package init(written: Int64, total: Int64) {
        self.written = written
        self.total = total
    }
}

/// A process that was started, or is to be, in a running container.
package struct ExecRecord: Codable, Equatable, Sendable {
    /// 64 hexadecimal digits.
    package var id: String
    package var instance: InstanceID
    package var spec: ExecSpec
    package var isRunning = false
    /// `nil` until it has ended.
    package var exitCode: Int32?
    /// Seen from the host; 0 when it does not run.
    package var processID: Int32 = 0

    package init(id: String, instance: InstanceID, spec: ExecSpec) {
        self.id = id
        self.instance = instance
        self.spec = spec
    }
}

/// What was removed, and how many bytes that gave back.
package struct PruneReport: Codable, Equatable, Sendable {
    package var removed: [String]
    package var reclaimed: UInt64

    package init(removed: [String] = [], reclaimed: UInt64 = 0) {
        self.removed = removed
        self.reclaimed = reclaimed
    }
}

/// A file of a container's, as `cp` asks for it.
package struct PathStatus: Codable, Equatable, Sendable {
    package var name: String
    package var size: Int64
    /// Type and rights as in `st_mode`.
    package var mode: UInt32
    /// Seconds since 1970.
    package var modified: Double
    /// Of a symbolic link, resolved inside the container; empty for others.
    package var linkTarget: String

    package init(name: String, size: Int64, mode: UInt32, modified: Double, linkTarget: String) {
        self.name = name
        self.size = size
        self.mode = mode
        self.modified = modified
        self.linkTarget = linkTarget
    }
}
