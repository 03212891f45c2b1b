import Host

/// A disk whose bytes are a file's bytes: a raw image or a block device, over an open descriptor.
package final class RawDisk: Disk {
    package let capacity: UInt64
    package let isReadOnly: Bool
    private let file: BackingFile

    /// Takes over an open image, called `name` in errors. A tail of less than a sector is left out.
    ///
    /// - Throws: `unusable` when the file holds no sector or has no length.
    package init(owning file: consuming FileDescriptor, isReadOnly: Bool, name: String) throws(DiskError) {
        capacity = try DiskImage.capacity(of: file.raw, path: name)
        self.isReadOnly = isReadOnly
        self.file = BackingFile(owning: file)
    }

    package func read(at offset: UInt64, into vectors: IOVectors) throws(DiskError) {
        try checkRange(offset, UInt64(vectors.byteCount))
        try file.read(at: offset, into: vectors)
    }

    package func write(at offset: UInt64, from vectors: IOVectors) throws(DiskError) {
        try checkWritable(offset, UInt64(vectors.byteCount))
        try file.write(at: offset, from: vectors)
    }

    package func flush() throws(DiskError) { try file.flush() }

    package func discard(at offset: UInt64, count: UInt64) throws(DiskError) {
        try checkWritable(offset, count)
        // Advice: a file system that cannot make holes ignores it.
        _ = try file.punch(at: offset, count: count)
    }

    package func writeZeroes(at offset: UInt64, count: UInt64, mayUnmap: Bool) throws(DiskError) {
        try checkWritable(offset, count)
        if mayUnmap, try file.punch(at: offset, count: count) { return }
        try file.clear(at: offset, count: count)
    }
}
