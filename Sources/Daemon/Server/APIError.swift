import Builder
import Engine
import HTTPTypes
import Images
import NIOHTTP1

/// Why a request was refused. Each API writes it in its own shape.
package struct APIError: Error, Sendable {
    package let status: HTTPResponse.Status
    /// For the user.
    package let message: String
    /// In the words of our own API: `notFound`, `conflict`…
    package let kind: String

    package init(_ status: HTTPResponse.Status, _ message: String, kind: String? = nil) {
        self.status = status
        self.message = message
        self.kind = kind ?? Self.kind(of: status)
    }

    private static func kind(of status: HTTPResponse.Status) -> String {
        switch status.code {
        case 304: "notModified"
        case 400: "invalid"
        case 401: "unauthorized"
        case 403: "forbidden"
        case 404: "notFound"
        case 405: "invalid"
        case 409: "conflict"
        case 413: "invalid"
        case 501: "unsupported"
        case 503: "unavailable"
        case 507: "noSpace"
        default: "system"
        }
    }

    /// What any error of the floors below means to a client.
    package init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as EngineError: self.init(Self.status(of: error.kind), error.description)
        case let error as ImageError: self.init(Self.status(of: error.kind), error.description)
        case let error as BuildError: self.init(Self.status(of: error.kind), error.description)
        case is HTTPParserError: self.init(.badRequest, "the request is not HTTP: \(error)")
        case is CancellationError: self.init(.serviceUnavailable, "the request was cancelled")
        default: self.init(.internalServerError, "\(error)")
        }
    }

    private static func status(of kind: EngineError.Kind) -> HTTPResponse.Status {
        switch kind {
        case .invalid, .notExecutable: .badRequest
        case .notFound: .notFound
        case .conflict: .conflict
        case .notModified: .notModified
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .unavailable: .serviceUnavailable
        case .noSpace: .init(code: 507, reasonPhrase: "Insufficient Storage")
        case .unsupported: .notImplemented
        case .system: .internalServerError
        }
    }

    private static func status(of kind: ImageError.Kind) -> HTTPResponse.Status {
        switch kind {
        case .invalid: .badRequest
        case .notFound: .notFound
        case .conflict: .conflict
        case .unauthorized: .unauthorized
        case .unavailable: .serviceUnavailable
        case .noSpace: .init(code: 507, reasonPhrase: "Insufficient Storage")
        case .corrupt, .system: .internalServerError
        }
    }

    private static func status(of kind: BuildError.Kind) -> HTTPResponse.Status {
        switch kind {
        case .invalidDockerfile, .invalidContext: .badRequest
        case .notFound: .notFound
        case .cancelled: .serviceUnavailable
        case .stepFailed, .system: .internalServerError
        }
    }
}
