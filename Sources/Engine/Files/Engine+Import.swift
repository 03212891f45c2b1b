import Images
import Model

extension Engine {
    /// Makes an image of a tar of files.
    ///
    /// - Parameter changes: lines of a Dockerfile, such as `CMD ["sh"]`, for the image's settings.
    package func importTree(
        from descriptor: Int32, as reference: Reference?, message: String?, changes: [String]
    ) async throws(EngineError) -> Image {
        var configuration = ImageConfiguration()
        for line in changes { try CommitChange.apply(line, to: &configuration.config) }
        do {
            return try await images.importTree(
                from: descriptor, as: reference, configuration: configuration, message: message)
        } catch {
            throw EngineError(error)
        }
    }
}
