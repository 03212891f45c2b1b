/// The `config.json` of a bundle: what a container is, as the OCI runtime specification 1.2 writes it.
///
/// Fields keep the specification's names. What is absent is `nil`, so that writing a value back adds nothing.
package struct RuntimeSpec: Codable, Equatable, Sendable {
    /// The version of the specification that this runtime speaks.
    package static let version = "1.2.0"

    package var ociVersion = RuntimeSpec.version
    package var root: Root?
    package var process: Process?
    package var hostname: String?
    package var domainname: String?
    /// In the order in which they are made.
    package var mounts: [Mount]?
    package var hooks: Hooks?
    package var annotations: [String: String]?
    package var linux: Linux?

    package init() {}

    /// The container's root file system (§ Root).
    package struct Root: Codable, Equatable, Sendable {
        /// Absolute, or relative to the bundle.
        package var path: String
        package var readonly: Bool?

        package init(path: String, readonly: Bool? = nil) {
            self.path = path
            self.readonly = readonly
        }
    }

    /// One mount (§ Mounts).
    ///
    /// An extension: a first mount of type `overlay` at `/` becomes the container's root, made inside its mount
    /// namespace over the folder `root.path`.
    package struct Mount: Codable, Equatable, Sendable {
        /// An absolute path in the container.
        package var destination: String
        package var type: String?
        package var source: String?
        package var options: [String]?
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?

        package init(
            destination: String, type: String? = nil, source: String? = nil, options: [String]? = nil
        ) {
            self.destination = destination
            self.type = type
            self.source = source
            self.options = options
        }
    }

    /// A range of ids of the container and the host's ids that they stand for.
    package struct IDMapping: Codable, Equatable, Sendable {
        package var containerID: UInt32
        package var hostID: UInt32
        package var size: UInt32

        package init(containerID: UInt32, hostID: UInt32, size: UInt32) {
            self.containerID = containerID
            self.hostID = hostID
            self.size = size
        }
    }

    /// Programs that are run at points of a container's life (§ POSIX-platform Hooks).
    package struct Hooks: Codable, Equatable, Sendable {
        package var prestart: [Hook]?
        package var createRuntime: [Hook]?
        package var createContainer: [Hook]?
        package var startContainer: [Hook]?
        package var poststart: [Hook]?
        package var poststop: [Hook]?

        package init() {}
    }

    /// One program: its standard input gets the container's state.
    package struct Hook: Codable, Equatable, Sendable {
        /// Absolute.
        package var path: String
        package var args: [String]?
        package var env: [String]?
        /// Seconds, more than 0.
        package var timeout: Int?

        package init(path: String, args: [String]? = nil, env: [String]? = nil, timeout: Int? = nil) {
            self.path = path
            self.args = args
            self.env = env
            self.timeout = timeout
        }
    }
}
