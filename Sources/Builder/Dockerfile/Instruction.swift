/// One instruction of a Dockerfile, parsed but not yet expanded.
package struct Instruction: Sendable {
    package let operation: Operation
    /// The words as they stand, joined to one line.
    package let text: String
    package let position: SourcePosition
    package let lastLine: Int
}

/// What an instruction asks for. Strings are as written unless said otherwise.
package enum Operation: Sendable, Equatable {
    case from(FromInstruction)
    case arg([ArgDeclaration])
    case env([NamedValue])
    case label([NamedValue])
    case run(RunInstruction)
    case copy(CopyInstruction)
    case workdir(String)
    case user(String)
    case volume([String])
    case expose(String)
    case cmd(Command)
    case entrypoint(Command)
    /// The instruction to run in builds on top of this image, as text.
    case onbuild(String)
    case shell([String])
    /// `nil` is `HEALTHCHECK NONE`.
    case healthcheck(HealthcheckInstruction?)
    case stopsignal(String)
    case maintainer(String)
}

/// All keywords, in the order of Docker's reference.
package enum Keyword: String, CaseIterable, Sendable {
    case add = "ADD"
    case arg = "ARG"
    case cmd = "CMD"
    case copy = "COPY"
    case entrypoint = "ENTRYPOINT"
    case env = "ENV"
    case expose = "EXPOSE"
    case from = "FROM"
    case healthcheck = "HEALTHCHECK"
    case label = "LABEL"
    case maintainer = "MAINTAINER"
    case onbuild = "ONBUILD"
    case run = "RUN"
    case shell = "SHELL"
    case stopsignal = "STOPSIGNAL"
    case user = "USER"
    case volume = "VOLUME"
    case workdir = "WORKDIR"
}

/// A command line: through the shell, or as words.
package enum Command: Sendable, Equatable {
    case shell(String)
    case exec([String])
}

package struct NamedValue: Sendable, Equatable {
    package var name: String
    package var value: String
}

package struct ArgDeclaration: Sendable, Equatable {
    package var name: String
    package var defaultValue: String?
}

package struct FromInstruction: Sendable, Equatable {
    package var image: String
    package var platform: String?
    /// In lower case.
    package var stageName: String?
}

package struct HealthcheckInstruction: Sendable, Equatable {
    package var command: Command
    /// Nanoseconds; 0 means the default.
    package var interval: Int64 = 0
    package var timeout: Int64 = 0
    package var startPeriod: Int64 = 0
    package var startInterval: Int64 = 0
    package var retries = 0
}

package struct RunInstruction: Sendable, Equatable {
    package enum Network: String, Sendable, CaseIterable {
        case `default`, none, host
    }

    package var command: Command
    package var heredocs: [Heredoc] = []
    package var mounts: [RunMount] = []
    package var network: Network?
}

/// `--mount` of RUN.
package struct RunMount: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case bind, cache, tmpfs, secret, ssh
    }

    package enum Sharing: String, Sendable, CaseIterable {
        case shared, `private`, locked
    }

    package var kind = Kind.bind
    package var from: String?
    package var source: String?
    package var target: String?
    package var id: String?
    package var isReadOnly: Bool
    package var sharing = Sharing.shared
    package var isRequired = false
    /// Bytes, of a tmpfs.
    package var size: UInt64?
    package var mode: UInt32?
    package var uid: UInt32 = 0
    package var gid: UInt32 = 0
    /// The variable that holds a secret.
    package var variable: String?
}

/// COPY or ADD.
package struct CopyInstruction: Sendable, Equatable {
    package var isAdd = false
    package var sources: [String] = []
    package var destination = ""
    package var heredocs: [Heredoc] = []
    package var from: String?
    package var owner: String?
    package var mode: String?
    package var isLinked = false
    package var keepsParents = false
    package var excludes: [String] = []
    package var checksum: String?
    package var unpacks: Bool?
}
