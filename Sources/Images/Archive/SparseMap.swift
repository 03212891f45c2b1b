/// The maps of sparse files: GNU's old form and the pax forms 0.0, 0.1 and 1.0 (GNU tar manual, "Sparse Formats").
enum SparseMap {
    static let maximumExtents = 1 << 20

    /// Extents in order, without overlap, inside `size`, with `stored` bytes of data altogether.
    static func validate(_ extents: [SparseExtent], size: Int64, stored: Int64) throws(ImageError) {
        var end: Int64 = 0
        var sum: Int64 = 0
        for extent in extents {
            let (next, overflow) = extent.offset.addingReportingOverflow(extent.length)
            guard extent.offset >= end, extent.length >= 0, !overflow, next <= size else { throw malformed }
            end = next
            sum += extent.length
        }
        guard sum == stored else { throw malformed }
    }

    /// Pairs of offset and length.
    static func pairs(_ numbers: [Int64]) throws(ImageError) -> [SparseExtent] {
        guard numbers.count % 2 == 0, numbers.count / 2 <= maximumExtents else { throw malformed }
        return stride(from: 0, to: numbers.count, by: 2).map {
            SparseExtent(offset: numbers[$0], length: numbers[$0 + 1])
        }
    }

    /// Versions 0.0 (repeated records) and 0.1 (one list).
    static func fromRecords(_ pax: PaxRecords) throws(ImageError) -> [SparseExtent] {
        if let list = pax.text("GNU.sparse.map") {
            return try pairs(
                try list.split(separator: ",").map { item throws(ImageError) in try number(String(item)) })
        }
        let keys: Set = ["GNU.sparse.offset", "GNU.sparse.numbytes"]
        let values = pax.records.filter { keys.contains($0.key) }
        return try pairs(
            try values.map { record throws(ImageError) in
                try number(String(decoding: record.value, as: UTF8.self))
            })
    }

    /// Entries of 12 + 12 bytes in a header of GNU's old form, up to the first empty one.
    static func oldEntries(
        _ block: UnsafeRawBufferPointer, at offset: Int, count: Int
    ) throws(ImageError) -> [SparseExtent] {
        var extents: [SparseExtent] = []
        for index in 0..<count {
            let start = offset + index * 24
            if block[start] == 0 { break }
            extents.append(
                SparseExtent(
                    offset: try TarHeader.number(block, start, 12),
                    length: try TarHeader.number(block, start + 12, 12)))
        }
        return extents
    }

    private static func number(_ text: String) throws(ImageError) -> Int64 {
        guard let value = Int64(text), value >= 0 else { throw malformed }
        return value
    }

    static let malformed = ImageError(.corrupt, "the map of a sparse file in the tar archive is malformed")
}
