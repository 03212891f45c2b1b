import Engine
import HTTPTypes
import Hummingbird
import Model

/// Copying files into instances and out of them.
extension OwnAPI {
    private static let tar = "application/x-tar"
    private static let statusHeader = HTTPField.Name("Viv-Path-Status") ?? .contentType

    func addFileRoutes(to routes: Routes) {
        routes.get("instances/{id}/archive") { request, context in
            let (status, tar) = try await engine.archive(
                context.parameter("id"), path: request.query.required("path"))
            var response = Reply.bytes(tar, type: Self.tar)
            response.headers[Self.statusHeader] = Self.text(status)
            return response
        }
        routes.head("instances/{id}/archive") { request, context in
            let status = try await engine.pathStatus(
                context.parameter("id"), path: request.query.required("path"))
            return Response(status: .ok, headers: [Self.statusHeader: Self.text(status)])
        }
        routes.put("instances/{id}/archive") { request, context in
            let query = request.query
            try await engine.unpack(
                context.parameter("id"), path: query.required("path"), tar: RequestBytes(request.body).stream,
                keepsKinds: query.bool("keepKinds"), keepsOwners: query.bool("keepOwners", default: true))
            return Reply.done
        }
        routes.get("instances/{id}/export") { _, context in
            Reply.bytes(try await engine.export(context.parameter("id")), type: Self.tar)
        }
    }

    /// A line of JSON; what is not ASCII is escaped, as a header must be.
    private static func text(_ status: PathStatus) -> String {
        var text = ""
        for unit in String(decoding: JSONLine.encode(status).dropLast(), as: UTF8.self).utf16 {
            if unit < 0x80, let scalar = Unicode.Scalar(unit) {
                text.unicodeScalars.append(scalar)
            } else {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return text
    }
}
