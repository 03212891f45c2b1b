import Model

/// Runs the commands of RUN steps.
package protocol StepExecutor: Sendable {
    /// Absolute paths that the executor mounts something on in every step: the files and folders that it makes for
    /// them, where the image has none, do not become part of the layer.
    var mountTargets: [String] { get }

    /// Runs one command to its end; cancelling the task kills it.
    ///
    /// - Returns: the exit code, 128 + signal when it was killed.
    /// - Throws: when it could not be run at all.
    func run(
        _ step: RunStep, output: @escaping @Sendable (StepOutput) -> Void
    ) async throws(BuildError) -> Int32
}

/// A command and the world it runs in.
package struct RunStep: Sendable {
    /// Unique; safe as the name of a file.
    package let id: String
    /// Layer folders of the root file system, top first; may be empty.
    package let lowers: [String]
    /// An empty folder that takes the changes.
    package let upper: String
    /// An empty folder beside `upper` for overlayfs.
    package let work: String
    /// In the order they are made.
    package let mounts: [StepMount]
    package let arguments: [String]
    /// `NAME=value`, with `PATH`.
    package let environment: [String]
    package let user: StepUser
    /// Absolute; it exists.
    package let workingDirectory: String
    /// `default`, `none`, `host`, or the name of a network.
    package let network: String
    /// `name:address`
    package let extraHosts: [String]
    /// Bytes.
    package let sharedMemorySize: UInt64
    package let limits: [ResourceLimit]
    package let resources: ContainerResources
    package let cgroupParent: String?
}

package struct StepUser: Sendable, Equatable {
    package var uid: UInt32
    package var gid: UInt32
    package var additionalGroups: [UInt32] = []

    package static let root = StepUser(uid: 0, gid: 0)
}

/// Something mounted into a RUN step. Targets are absolute paths in the container.
package enum StepMount: Sendable, Equatable {
    case bind(source: String, target: String, isReadOnly: Bool)
    /// A folder merged of `lowers`, top first; writable with `upper` and `work`.
    case overlay(lowers: [String], upper: String?, work: String?, target: String)
    /// Size in bytes; `nil` is the kernel's default.
    case tmpfs(target: String, size: UInt64?)

    package var target: String {
        switch self {
        case .bind(_, let target, _), .overlay(_, _, _, let target), .tmpfs(let target, _): target
        }
    }
}
