import Images

/// Archives that ADD unpacks, and contexts that come as one.
enum Archive {
    /// Unpacks a tar, plain or packed by gzip or zstd, into an empty folder.
    static func unpack(_ source: any ByteSource, into folder: String) throws(BuildError) {
        do throws(ImageError) {
            try extract(source, into: folder)
        } catch {
            throw BuildError(.stepFailed, error.description)
        }
    }

    /// Unpacks a build's context; what is wrong with it is the client's fault.
    static func unpackContext(_ descriptor: Int32, into folder: String) throws(BuildError) {
        do throws(ImageError) {
            try extract(DescriptorSource(descriptor, name: "the build context"), into: folder)
        } catch {
            let isTheirs = [.invalid, .corrupt].contains(error.kind)
            throw BuildError(
                isTheirs ? .invalidContext : .system, "cannot unpack the build context: \(error.description)")
        }
    }

    private static func extract(_ source: any ByteSource, into folder: String) throws(ImageError) {
        _ = try LayerUnpacker(into: folder).unpack(TarReader(try Compression.unpacked(source)))
    }

    /// Whether the first bytes are those of an archive that ADD unpacks.
    static func isArchive(_ start: [UInt8]) -> Bool {
        let packed: [[UInt8]] = [
            [0x1f, 0x8b, 0x08], [0x28, 0xb5, 0x2f, 0xfd], Array("BZh".utf8),
            [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
        ]
        if packed.contains(where: start.starts) { return true }
        return start.count >= 262 && start[257..<262].elementsEqual("ustar".utf8)
    }
}
