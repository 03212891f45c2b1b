import Testing

extension DiskModel {
    /// Does `count` random operations, comparing each read.
    mutating func doRandomOperations(_ count: Int, _ random: inout SeededGenerator) throws {
        for _ in 0..<count {
            let start = Int.random(in: 0..<bytes.count, using: &random)
            let longest = min(bytes.count - start, Bool.random(using: &random) ? 140_000 : 5000)
            let range = start..<start + Int.random(in: 1...longest, using: &random)
            let pieces = Int.random(in: 1...20, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4: try write(randomBytes(range.count, &random), at: start, pieces: pieces)
            case 4..<8: #expect(try read(range, pieces: pieces) == Array(bytes[range]))
            case 8: try writeZeroes(range, mayUnmap: Bool.random(using: &random))
            default: try discard(range, then: randomBytes(range.count, &random))
            }
        }
    }

    private func randomBytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        let first = UInt8.random(in: 0...255, using: &random)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
            for index in 0..<count { buffer[index] = first &+ UInt8(truncatingIfNeeded: index &* 31) }
            length = count
        }
    }
}
