import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// What every request passes: authorization, the version in its path, the routes, and the shape of errors.
package struct Front: Sendable {
    let responder: RouterResponder<DaemonContext>
    let admission: Admission
    let logger: Logger

    package init(
        responder: RouterResponder<DaemonContext>, admission: Admission, logger: Logger
    ) {
        self.responder = responder
        self.admission = admission
        self.logger = logger
    }

    /// Answers one request.
    package func respond(to request: Request, over connection: (any Channel)? = nil) async -> Response {
        let start = ContinuousClock.now
        let split = DockerVersion.split(Self.path(of: request))
        var response: Response
        do {
            try admission.check(request.headers)
            try split?.version.check()
            let source = DaemonContext.Source(
                logger: logger, version: split?.version ?? .newest, connection: connection)
            response = try await responder.respond(
                to: Self.request(request, at: split?.rest), context: DaemonContext(source: source))
            // Hummingbird's own answer where no route fits has no body.
            if response.status == .notFound, response.body.contentLength == 0, request.method != .head {
                throw APIError(.notFound, "page not found")
            }
        } catch {
            response = Self.response(to: error, isOwn: Self.isOwn(request))
        }
        // A client takes the body of an answer to HEAD for an answer that it did not ask for.
        if request.method == .head { response.body = ResponseBody() }
        response.headers[.server] = Build.server
        logger.debug(
            "\(request.method) \(request.uri.path) \(response.status.code) \(ContinuousClock.now - start)")
        return response
    }

    /// Sends the answer of one request over its connection.
    func serve(
        _ request: Request, _ writer: consuming ResponseWriter, _ connection: any Channel
    ) async throws {
        let response = await respond(to: request, over: connection)
        var unused: ResponseWriter? = consume writer
        try await Departure.$connection.withValue(connection) {
            try await unused.take()?.write(response: response.head, body: response.body)
        }
    }

    private static func path(of request: Request) -> Substring { request.uri.path[...] }

    /// Whether the request is for our own API, which has its own shape of errors.
    private static func isOwn(_ request: Request) -> Bool {
        request.uri.path == "/v1" || request.uri.path.hasPrefix("/v1/")
    }

    private static func request(_ request: Request, at path: Substring?) -> Request {
        guard let path else { return request }
        var head = request.head
        head.path = String(path) + (request.uri.query.map { "?\($0)" } ?? "")
        return Request(head: head, body: request.body)
    }

    static func response(to error: any Error, isOwn: Bool) -> Response {
        let error = error is HTTPError ? APIError(.notFound, "page not found") : APIError(error)
        if error.status == .notModified { return Response(status: .notModified) }
        let body: JSON =
            isOwn
            ? ["error": ["kind": .string(error.kind), "message": .string(error.message)]]
            : ["message": .string(error.message)]
        return Reply.json(body, status: error.status)
    }
}

/// What this build calls itself.
package enum Build {
    package static let version = "0.1.0"
    static let server = "Vivarium/\(version) (linux)"
}
