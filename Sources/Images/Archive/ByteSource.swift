import Glibc
import Host

/// Bytes that are read once, in order, by one thread.
package protocol ByteSource: AnyObject {
    /// Fills at most `buffer`; the count read, 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int
}

/// Reads a descriptor that somebody else owns.
package final class DescriptorSource: ByteSource {
    private let descriptor: Int32
    private let name: String

    /// - Parameter name: for messages: "the archive".
    package init(_ descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        do {
            return try checked("read \(name)") { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
        } catch {
            throw ImageError(error)
        }
    }
}

/// A file that is open as long as it is read.
final class FileSource: ByteSource {
    private let file: FileDescriptor
    private let source: DescriptorSource

    init(path: String) throws(ImageError) {
        do {
            file = try FileDescriptor.open(path)
        } catch {
            throw ImageError(error)
        }
        source = DescriptorSource(file.raw, name: path)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        try source.read(into: buffer)
    }
}

/// Bytes in memory.
package final class MemorySource: ByteSource {
    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        let count = min(buffer.count, bytes.count - position)
        buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}

/// Passes bytes on and hashes them on the way.
final class HashingSource: ByteSource {
    private let source: any ByteSource
    private(set) var hash: ContentHash

    init(_ source: any ByteSource, _ algorithm: Digest.Algorithm = .sha256) {
        self.source = source
        hash = ContentHash(algorithm)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        let count = try source.read(into: buffer)
        hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }
}

extension ByteSource {
    /// Reads to the end and forgets it.
    func drain() throws(ImageError) {
        let buffer = Chunk()
        while try read(into: buffer.bytes) > 0 {}
    }

    /// Fills `buffer` as far as there are bytes.
    func readFully(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Everything, which must not be more than `limit` bytes.
    func readAll(limit: Int, as what: String) throws(ImageError) -> [UInt8] {
        let buffer = Chunk()
        var result: [UInt8] = []
        while true {
            let count = try read(into: buffer.bytes)
            if count == 0 { return result }
            guard result.count + count <= limit else {
                throw ImageError(.invalid, "\(what) has more than \(limit) bytes")
            }
            result += buffer.bytes[..<count]
        }
    }
}

/// A buffer with an address that does not change.
final class Chunk: @unchecked Sendable {
    // SAFETY: owned by one thread at a time; hand-overs go through locks.

    static let size = 1 << 18
    let bytes: UnsafeMutableRawBufferPointer
    /// How much of it is filled; at most `size`.
    var count = 0

    init(size: Int = Chunk.size) { bytes = .allocate(byteCount: size, alignment: 4096) }

    deinit { bytes.deallocate() }
}
