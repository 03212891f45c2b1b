/// Which bytes past the end of the in-order stream have arrived already. The bytes themselves lie in the receive
/// ring, where they belong; this only remembers ranges, and few of them: what does not fit is sent again.
struct Reassembly {
    struct Span: Equatable {
        var start: SequenceNumber
        var end: SequenceNumber
    }

    static let maximumSpans = 16
    /// In order, apart from one another.
    private(set) var spans: [Span] = []

    var isEmpty: Bool { spans.isEmpty }

    /// Remembers a span of bytes past the next expected one. False if there is no place for it.
    mutating func insert(_ span: Span) -> Bool {
        guard span.start < span.end else { return true }
        var merged = span
        var kept: [Span] = []
        var place = 0
        for other in spans {
            if other.end < merged.start {
                kept.append(other)
                place = kept.count
            } else if other.start > merged.end {
                kept.append(other)
            } else {
                merged.start = other.start < merged.start ? other.start : merged.start
                merged.end = SequenceNumber.later(other.end, merged.end)
            }
        }
        guard kept.count < Self.maximumSpans else { return false }
        kept.insert(merged, at: place)
        spans = kept
        return true
    }

    /// Takes out what follows `next` without a gap, and returns the new next expected byte.
    mutating func advance(_ next: SequenceNumber) -> SequenceNumber {
        var next = next
        while let span = spans.first, span.start <= next {
            next = SequenceNumber.later(next, span.end)
            spans.removeFirst()
        }
        return next
    }

    mutating func removeAll() {
        spans.removeAll()
    }
}
