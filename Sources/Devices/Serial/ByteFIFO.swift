/// The 16 bytes between a wire and a UART's data register.
struct ByteFIFO {
    static let capacity = 16

    private var storage: InlineArray<16, UInt8> = .init(repeating: 0)
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// False, and nothing stored, when full.
    mutating func append(_ byte: UInt8) -> Bool {
        guard count < Self.capacity else { return false }
        storage[(head + count) % Self.capacity] = byte
        count += 1
        return true
    }

    /// The oldest byte, or `nil` when empty.
    mutating func popFirst() -> UInt8? {
        guard count > 0 else { return nil }
        let byte = storage[head]
        head = (head + 1) % Self.capacity
        count -= 1
        return byte
    }

    mutating func removeAll() { count = 0 }
}
