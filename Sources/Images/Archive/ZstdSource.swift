import CZstd

/// Unpacks zstd (RFC 8878), also of several frames; checksums are verified.
final class ZstdSource: ByteSource {
    /// Bytes of a window as a power of two: what a sender may make us hold is 128 MiB.
    private static let maximumWindow: Int32 = 27

    private let source: any ByteSource
    private let input = Chunk()
    private let context: OpaquePointer
    private var position = 0
    private var filled = 0
    /// Whether the last frame is complete.
    private var isBetweenFrames = true

    init(_ source: any ByteSource) throws(ImageError) {
        self.source = source
        guard let context = ZSTD_createDCtx() else { throw ImageError(.system, "no memory to unpack zstd") }
        self.context = context
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.maximumWindow)
    }

    deinit { ZSTD_freeDCtx(context) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while output.pos == 0 {
            if position == filled {
                position = 0
                filled = try source.read(into: input.bytes)
                if filled == 0 {
                    guard isBetweenFrames else { throw ImageError(.corrupt, "zstd data ends too early") }
                    return 0
                }
            }
            var chunk = ZSTD_inBuffer(src: input.bytes.baseAddress, size: filled, pos: position)
            let result = ZSTD_decompressStream(context, &output, &chunk)
            guard ZSTD_isError(result) == 0 else {
                throw ImageError(
                    .corrupt, "zstd data is damaged: \(String(cString: ZSTD_getErrorName(result)))")
            }
            position = chunk.pos
            isBetweenFrames = result == 0
        }
        return output.pos
    }
}
