import Builder
import Containers
import Glibc
import Host
import Images
import KernelNetwork
import Store

extension EngineError {
    /// The same failure in the engine's terms.
    package init(_ error: any Error) {
        switch error {
        case let error as EngineError: self = error
        case let error as ContainerError: self.init(Self.kind(error.kind), error.description)
        case let error as ImageError: self.init(Self.kind(error.kind), error.description)
        case let error as KernelNetworkError: self.init(Self.kind(error.kind), error.description)
        case let error as StoreError: self.init(Self.kind(error.kind), error.description)
        case let error as BuildError: self.init(Self.kind(error.kind), error.description)
        case let error as SystemError:
            self.init(error.code == ENOSPC || error.code == EDQUOT ? .noSpace : .system, error.description)
        default: self.init(.system, "\(error)")
        }
    }

    private static func kind(_ kind: ContainerError.Kind) -> Kind {
        switch kind {
        case .invalid: .invalid
        case .notFound: .notFound
        case .conflict: .conflict
        case .refusedByHost: .forbidden
        case .notExecutable: .notExecutable
        case .system: .system
        }
    }

    private static func kind(_ kind: BuildError.Kind) -> Kind {
        switch kind {
        case .invalidDockerfile, .invalidContext: .invalid
        case .notFound: .notFound
        case .stepFailed, .cancelled, .system: .system
        }
    }

    private static func kind(_ kind: ImageError.Kind) -> Kind {
        switch kind {
        case .invalid: .invalid
        case .notFound: .notFound
        case .conflict: .conflict
        case .unauthorized: .unauthorized
        case .unavailable: .unavailable
        case .noSpace: .noSpace
        case .corrupt, .system: .system
        }
    }

    private static func kind(_ kind: KernelNetworkError.Kind) -> Kind {
        switch kind {
        case .invalid: .invalid
        case .notFound: .notFound
        case .conflict: .conflict
        case .refusedByHost: .forbidden
        case .system: .system
        }
    }

    private static func kind(_ kind: StoreError.Kind) -> Kind {
        switch kind {
        case .notFound: .notFound
        case .conflict: .conflict
        case .noSpace: .noSpace
        case .corrupt, .system: .system
        }
    }
}
