/// The Data Encryption Standard (FIPS 46-3), for the password of RFB, which is no protection worth the name by now.
struct DES {
    private static let initial: [UInt8] = [
        58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56,
        48, 40,
        32, 24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21,
        13, 5,
        63, 55, 47, 39, 31, 23, 15, 7,
    ]
    private static let final: [UInt8] = [
        40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5,
        45, 13,
        53, 21, 61, 29, 36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18,
        58, 26,
        33, 1, 41, 9, 49, 17, 57, 25,
    ]
    private static let expansion: [UInt8] = [
        32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20,
        21, 20,
        21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
    ]
    private static let permutation: [UInt8] = [
        16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30,
        6, 22,
        11, 4, 25,
    ]
    private static let keyChoice: [UInt8] = [
        57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52,
        44, 36,
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20,
        12, 4,
    ]
    private static let roundChoice: [UInt8] = [
        14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31,
        37, 47,
        55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
    ]
    private static let rotations: [UInt64] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1]
    /// The eight substitutions, four rows of sixteen hexadecimal digits each.
    private static let boxes: [[UInt8]] = [
        "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
        "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
        "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
        "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
        "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
        "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
        "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
        "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
    ].map { digits in digits.compactMap { $0.hexDigitValue.map(UInt8.init) } }

    private let keys: [UInt64]

    /// - Parameter key: eight bytes, whose lowest bits do not count.
    init(key: [UInt8]) {
        let bits = Self.choose(Self.number(key), of: 64, Self.keyChoice)
        var (left, right) = (bits >> 28, bits & 0xFFF_FFFF)
        keys = Self.rotations.map { count in
            left = (left << count | left >> (28 - count)) & 0xFFF_FFFF
            right = (right << count | right >> (28 - count)) & 0xFFF_FFFF
            return Self.choose(left << 28 | right, of: 56, Self.roundChoice)
        }
    }

    /// Eight bytes, enciphered.
    func encrypt(_ block: [UInt8]) -> [UInt8] {
        let start = Self.choose(Self.number(block), of: 64, Self.initial)
        var (left, right) = (start >> 32, start & 0xFFFF_FFFF)
        for key in keys { (left, right) = (right, left ^ Self.round(right, key)) }
        let end = Self.choose(right << 32 | left, of: 64, Self.final)
        return (0..<8).map { UInt8(truncatingIfNeeded: end >> UInt64(56 - 8 * $0)) }
    }

    private static func round(_ half: UInt64, _ key: UInt64) -> UInt64 {
        let mixed = choose(half, of: 32, expansion) ^ key
        var result: UInt64 = 0
        for box in 0..<8 {
            let six = Int(mixed >> UInt64(42 - 6 * box) & 63)
            let place = (six >> 4 & 2 | six & 1) * 16 + (six >> 1 & 15)
            result = result << 4 | UInt64(boxes[box][place])
        }
        return choose(result, of: 32, permutation)
    }

    /// Bits of a number of `width` bits, counted from 1 at the highest, in the order of `table`.
    private static func choose(_ value: UInt64, of width: Int, _ table: [UInt8]) -> UInt64 {
        table.reduce(0) { $0 << 1 | value >> UInt64(width - Int($1)) & 1 }
    }

    private static func number(_ bytes: [UInt8]) -> UInt64 {
        (0..<8).reduce(0) { $0 << 8 | UInt64($1 < bytes.count ? bytes[$1] : 0) }
    }
}
