import CLinux
import Glibc

/// Files with holes.
enum SparseFile {
    /// Writes the extents where they belong; `extents` were checked against `size`.
    static func write(
        _ extents: [SparseExtent], size: Int64, to file: Int32, from reader: TarReader
    ) throws(ImageError) {
        try call("set the size of a sparse file") { ftruncate(file, off_t(size)) }
        var remaining = extents[...]
        var done: Int64 = 0
        try reader.readData { bytes throws(ImageError) in
            var rest = bytes[...]
            while !rest.isEmpty {
                guard let extent = remaining.first else { throw SparseMap.malformed }
                let count = min(Int64(rest.count), extent.length - done)
                if count > 0 {
                    try writeAll(
                        UnsafeRawBufferPointer(rebasing: rest.prefix(Int(count))), file, extent.offset + done)
                    rest = rest.dropFirst(Int(count))
                    done += count
                }
                if done == extent.length { (remaining, done) = (remaining.dropFirst(), 0) }
            }
        }
    }

    private static func writeAll(_ bytes: UnsafeRawBufferPointer, _ file: Int32, _ offset: Int64)
        throws(ImageError)
    {
        var written = 0
        while written < bytes.count {
            written += try call("write a sparse file") {
                pwrite(
                    file, bytes.baseAddress.map { $0 + written }, bytes.count - written,
                    off_t(offset) + off_t(written))
            }
        }
    }

    /// The stretches of data of an open file of `size` bytes.
    static func extents(of file: Int32, size: Int64) -> [SparseExtent] {
        var extents: [SparseExtent] = []
        var position: Int64 = 0
        while position < size {
            let data = viv_seek_data(file, position)
            guard data >= 0, data < size else { break }
            let hole = viv_seek_hole(file, data)
            let end = hole < 0 ? size : min(hole, size)
            extents.append(SparseExtent(offset: data, length: end - data))
            position = end
        }
        return extents
    }
}
