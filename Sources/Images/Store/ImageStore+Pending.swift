extension ImageStore {
    package func pull(
        _ reference: Reference, platform: Platform? = nil, credentials: Credentials? = nil,
        progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Image { throw Self.pending }
    package func push(
        _ reference: Reference, credentials: Credentials? = nil, progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Digest { throw Self.pending }
    package func buildBase(
        _ name: String, as reference: Reference? = nil, progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Image { throw Self.pending }
    private static let pending = ImageError(.system, "images are being laid out")
}
