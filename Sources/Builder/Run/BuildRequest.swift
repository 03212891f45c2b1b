import Images
import Model

/// Everything that a user asks of one build.
package struct BuildRequest: Sendable {
    /// Where the files of COPY and ADD come from.
    package enum Context: Sendable {
        /// An absolute path. It is only read.
        case folder(String)
        /// A tar, plain or compressed, read from a descriptor of the caller's to its end.
        case archive(descriptor: Int32)
        /// None: COPY from the context finds nothing.
        case none
    }

    package enum DockerfileSource: Sendable {
        /// A path inside the context; `Dockerfile` unless told otherwise.
        case path(String)
        /// The bytes themselves, and what they are called in messages.
        case text([UInt8], name: String)
    }

    package enum Secret: Sendable {
        /// A file of the host's.
        case file(String)
        case value([UInt8])
    }

    package var context: Context
    package var dockerfile = DockerfileSource.path("Dockerfile")
    /// The stage to build: a name or a number; the last one when `nil`.
    package var target: String?
    /// `--build-arg`
    package var arguments: [String: String] = [:]
    package var labels: [String: String] = [:]
    /// Names that the image gets.
    package var names: [Reference] = []
    package var platform: Platform?
    package var usesCache = true
    /// Whether base images are asked of their registries even when they are here.
    package var pulls = false
    /// `default`, `none` or `host`, for RUN steps that do not say.
    package var networkMode = "default"
    /// By id.
    package var secrets: [String: Secret] = [:]
    /// Agent sockets of the host's by id (`default`).
    package var sshAgents: [String: String] = [:]
    /// Images whose steps may be reused.
    package var cacheFrom: [String] = []
    /// `name:address`
    package var extraHosts: [String] = []
    /// Bytes of `/dev/shm` in RUN steps.
    package var sharedMemorySize: UInt64 = 64 << 20
    package var limits: [ResourceLimit] = []
    package var resources = ContainerResources()
    package var cgroupParent: String?
    package var credentials: @Sendable (Reference) -> Credentials? = { _ in nil }

    package init(context: Context) { self.context = context }
}
