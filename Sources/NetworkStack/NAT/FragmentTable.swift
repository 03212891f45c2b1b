/// Puts fragmented packets of the guest together again (RFC 791 §3.2, RFC 8200 §4.5), within narrow bounds: few at a
/// time, none for longer than 30 seconds, and overlapping pieces end the attempt (RFC 5722).
struct FragmentTable {
    static let capacity = 8
    static let lifetime: UInt64 = 30_000_000_000
    static let maximumPieces = 64
    static let maximumLength = 65_535

    struct Key: Hashable {
        let source: IPAddress
        let destination: IPAddress
        let proto: UInt8
        let identification: UInt32
    }

    struct Piece {
        /// In octets.
        let offset: Int
        let isLast: Bool
        let bytes: UnsafeRawBufferPointer
    }

    private struct Partial {
        let expires: UInt64
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        var length: Int?

        var isComplete: Bool {
            length.map { length in ranges.reduce(0) { $0 + $1.count } == length } ?? false
        }
    }

    private var partials: [Key: Partial] = [:]

    /// Adds a piece, and returns the whole payload when this was what it lacked.
    mutating func insert(_ piece: Piece, of key: Key, now: UInt64) -> [UInt8]? {
        partials = partials.filter { $0.value.expires > now }
        var partial = partials.removeValue(forKey: key) ?? Partial(expires: now &+ Self.lifetime)
        guard Self.add(piece, to: &partial) else { return nil }
        if partial.isComplete { return partial.bytes }
        if partials.count >= Self.capacity,
            let oldest = partials.min(by: { $0.value.expires < $1.value.expires })
        {
            partials.removeValue(forKey: oldest.key)
        }
        partials[key] = partial
        return nil
    }

    private static func add(_ piece: Piece, to partial: inout Partial) -> Bool {
        let range = piece.offset..<piece.offset + piece.bytes.count
        guard !range.isEmpty, range.upperBound <= maximumLength, partial.ranges.count < maximumPieces,
            piece.isLast || piece.bytes.count % 8 == 0,
            !partial.ranges.contains(where: { $0.overlaps(range) }),
            partial.length == nil || (!piece.isLast && range.upperBound <= partial.length ?? 0)
        else { return false }
        if piece.isLast { partial.length = range.upperBound }
        if partial.bytes.count < range.upperBound {
            partial.bytes.append(contentsOf: repeatElement(0, count: range.upperBound - partial.bytes.count))
        }
        partial.bytes.withUnsafeMutableBytes { memory in
            UnsafeMutableRawBufferPointer(rebasing: memory[range]).copyMemory(from: piece.bytes)
        }
        partial.ranges.append(range)
        return partial.length.map { partial.bytes.count <= $0 } ?? true
    }
}
