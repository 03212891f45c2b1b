import Builder
import FoundationEssentials
import HTTPTypes

/// What our own client sends along with a build and nobody shall find in a log: headers of base 64, never the query.
enum BuildHeaders {
    private static let secrets = HTTPField.Name("Viv-Build-Secrets") ?? .authorization

    /// `Viv-Build-Secrets`: an object of contents in base 64, by id.
    static func secrets(_ headers: HTTPFields) throws(APIError) -> [String: BuildRequest.Secret] {
        guard let text = headers[secrets], !text.isEmpty else { return [:] }
        var result: [String: BuildRequest.Secret] = [:]
        for field in try RegistryHeaders.decode(text).fields {
            guard case .string(let content) = field.value, let data = Data(base64Encoded: content) else {
                throw APIError(.badRequest, "the secret '\(field.name.prefix(40))' is no base 64")
            }
            result[field.name] = .value([UInt8](data))
        }
        return result
    }
}
