extension ImageStore {
    package func buildBase(
        _ name: String, as reference: Reference? = nil, progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Image { throw Self.pending }
    private static let pending = ImageError(.system, "images are being laid out")
}
