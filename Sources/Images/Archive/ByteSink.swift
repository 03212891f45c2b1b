import CZlib
import CZstd
import Glibc
import Host

/// Takes bytes in order, by one thread.
package protocol ByteSink: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError)
    /// Writes what is held back; nothing may follow.
    func finish() throws(ImageError)
}

extension ByteSink {
    package func write(_ bytes: [UInt8]) throws(ImageError) {
        let result: Result<Void, ImageError> = bytes.withUnsafeBytes { buffer in
            do throws(ImageError) {
                try write(buffer)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}

/// Writes to a descriptor that somebody else owns, waiting where it is full.
package final class DescriptorSink: ByteSink {
    private let descriptor: Int32
    private let name: String

    package init(_ descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let slice = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(descriptor, slice.baseAddress, slice.count)
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var slot = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&slot, 1, -1)
            } else if errno != EINTR {
                throw ImageError(SystemError("write \(name)"))
            }
        }
    }

    package func finish() throws(ImageError) {}
}

/// Keeps bytes in memory.
package final class MemorySink: ByteSink {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) { self.bytes += bytes }

    package func finish() throws(ImageError) {}
}

/// Hashes bytes and passes them on, or drops them.
final class HashingSink: ByteSink {
    private let sink: (any ByteSink)?
    private(set) var hash = ContentHash()

    init(_ sink: (any ByteSink)? = nil) { self.sink = sink }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        hash.update(bytes)
        try sink?.write(bytes)
    }

    func finish() throws(ImageError) { try sink?.finish() }
}

/// Packs by gzip, without name and time: same bytes, same result.
final class GzipSink: ByteSink {
    private let sink: any ByteSink
    private let output = Chunk()
    private var stream = z_stream()

    init(_ sink: any ByteSink, level: Int32 = 5) throws(ImageError) {
        self.sink = sink
        let result = deflateInit2_(
            &stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else { throw ImageError(.system, "no memory to pack by gzip") }
    }

    deinit { deflateEnd(&stream) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        // zlib takes the input through a pointer that is not const, yet only reads it.
        stream.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(truncatingIfNeeded: bytes.count)
        while stream.avail_in > 0 { _ = try step(Z_NO_FLUSH) }
    }

    func finish() throws(ImageError) {
        stream.avail_in = 0
        while try step(Z_FINISH) != Z_STREAM_END {}
        try sink.finish()
    }

    private func step(_ flush: Int32) throws(ImageError) -> Int32 {
        stream.next_out = output.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(Chunk.size)
        let result = deflate(&stream, flush)
        try sink.write(
            UnsafeRawBufferPointer(rebasing: output.bytes[..<(Chunk.size - Int(stream.avail_out))]))
        return result
    }
}
