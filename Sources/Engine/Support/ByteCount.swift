/// Numbers of bytes as people write them in options: `10m`, `1g`, `512k`, `100`.
enum ByteCount {
    private static let units: [Character: UInt64] = [
        "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40,
    ]

    static func parse(_ text: String) -> UInt64? {
        var digits = text.lowercased()[...]
        if digits.hasSuffix("ib") {
            digits = digits.dropLast(2)
        } else if digits.hasSuffix("b") {
            digits = digits.dropLast()
        }
        var unit: UInt64 = 1
        if let last = digits.last, let factor = units[last] {
            unit = factor
            digits = digits.dropLast()
        }
        guard let number = Double(digits), number >= 0, number * Double(unit) < 9e18 else { return nil }
        return UInt64(number * Double(unit))
    }
}
